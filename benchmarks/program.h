// What the benchmark programs share: how steps are timed, and what a program does once its
// benchmarks are registered.
#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>

#include "moestro/core/memory.h"
#include "moestro/core/version.h"

namespace moestro::bench {

inline double median(std::vector<double> values) {
  const size_t middle = values.size() / 2;
  std::ranges::nth_element(values, values.begin() + middle);
  const double upper = values[middle];
  if (values.size() % 2 == 1) return upper;
  return (*std::max_element(values.begin(), values.begin() + middle) + upper) / 2;
}

// Runs a benchmark's steps, and gives their median in seconds. google-benchmark tells their mean;
// the counter "median_ms" is what is compared with the median of the peers' steps.
template <class Step>
double time_each(benchmark::State& state, const Step& step) {
  using Clock = std::chrono::steady_clock;
  std::vector<double> milliseconds;
  step();  // the first one meets cold memory: the peers leave it out, too
  for (auto _ : state) {
    const Clock::time_point start = Clock::now();
    step();
    milliseconds.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
  }
  const double middle = median(std::move(milliseconds));
  state.counters["median_ms"] = middle;
  return middle / 1e3;
}

// A benchmark in real time, told in ms.
template <class Function, class... Arguments>
void add(const std::string& name, Function function, Arguments... arguments) {
  benchmark::RegisterBenchmark(name.c_str(), function, arguments...)
      ->Unit(benchmark::kMillisecond)
      ->UseRealTime();
}

// The program's exit code.
inline int run_program(int argc, char** argv) {
  keep_freed_memory();
  benchmark::AddCustomContext("moestro", version());
  benchmark::AddCustomContext("libtorch", libtorch_version());
  benchmark::AddCustomContext("threads", std::to_string(at::get_num_threads()));
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

}  // namespace moestro::bench
