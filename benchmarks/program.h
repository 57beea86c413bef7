// What every benchmark program does once its benchmarks are registered.
#pragma once

#include <string>

#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>

#include "moestro/core/memory.h"
#include "moestro/core/version.h"

namespace moestro::bench {

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
