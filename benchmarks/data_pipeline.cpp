// Batches a second of the data pipeline on a made-up set as large as MNIST (60,000 images of
// 28 x 28): gathered in shuffled order, augmented, normalised, one thread ahead of the training
// step. benchmarks/peers/data_pipeline.py is the same with PyTorch's loader.
//
//   batches/plain, batches/augmented   an epoch in batches of 512 ("flip", "crop 4")
//   convert                            the least: one batch of neighbouring rows to float
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>

#include "moestro/data/batches.h"
#include "program.h"

namespace moestro::bench {
namespace {

constexpr int64_t kRows = 60'000, kBatch = 512, kClasses = 10;

Dataset made_up_set() {
  Dataset set;
  set.name = "made up";
  set.inputs = at::randint(256, {kRows, 1, 28, 28}, at::kByte);
  set.targets_N = at::randint(kClasses, {kRows}, at::kLong);
  set.classes = kClasses;
  return set;
}

void time_epoch(benchmark::State& state, const std::vector<std::string>& augment) {
  const Dataset set = made_up_set();
  Batches batches(set, Normaliser::fit(set), {.batch = kBatch}, Augmentation::parse(augment));
  int64_t epoch = 0;
  const double seconds = time_each(state, [&] {
    batches.start(epoch++);
    while (std::optional<Batch> batch = batches.next()) benchmark::DoNotOptimize(batch->inputs);
  });
  state.counters["batches/s"] = static_cast<double>(batches.steps_per_epoch()) / seconds;
}

void time_conversion(benchmark::State& state) {
  at::set_num_threads(1);  // as the pipeline's thread works; the last benchmark of the program
  const Tensor rows = made_up_set().inputs.narrow(0, 0, kBatch);
  state.counters["batches/s"] =
      1 / time_each(state, [&] { benchmark::DoNotOptimize(rows.to(at::kFloat)); });
}

}  // namespace
}  // namespace moestro::bench

int main(int argc, char** argv) {
  using namespace moestro::bench;
  using Words = std::vector<std::string>;
  for (const auto& [name, augment] :
       {std::pair{"batches/plain", Words{}}, {"batches/augmented", Words{"flip", "crop 4"}}})
    benchmark::RegisterBenchmark(name, time_epoch, augment)
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
  benchmark::RegisterBenchmark("convert", time_conversion)
      ->Unit(benchmark::kMillisecond)
      ->UseRealTime();
  return moestro::bench::run_program(argc, argv);
}
