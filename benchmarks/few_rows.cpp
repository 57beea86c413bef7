// A few rows times the weights of one expert after another, by each kernel for blocks of rows:
// where one begins to be faster than the other decides which is taken (kMostFewRows in
// src/nn/kernels/blocks/choice.h).
//
//   KERNEL/TYPE/WEIGHTS/DEPTH/WIDTH/ROWS     KERNEL: few, many; WEIGHTS: packed before, or plain
//
// No cache holds all experts. Threads share the strips of one.
#include <numeric>

#include <ATen/ATen.h>
#include <benchmark/benchmark.h>

#include "nn/kernels/blocks/block_product.h"
#include "nn/kernels/feed_forward/weight_strips.h"
#include "program.h"

namespace moestro::bench {
namespace {

constexpr int64_t kColdBytes = 256 << 20;

struct FewRows {
  BlockKernel kernel;
  bool packed;
  int64_t depth, width, rows;

  std::string name(const std::string& type) const {
    return fmt::format("{}/{}/{}/{}/{}/{}", kernel == BlockKernel::few_rows ? "few" : "many", type,
                       packed ? "packed" : "plain", depth, width, rows);
  }
};

template <class T>
void time_rows(benchmark::State& state, const FewRows& work) {
  const auto type = c10::CppTypeToScalarType<T>::value;
  const int64_t strips = strips_of(work.width);
  const int64_t experts = kColdBytes / (work.depth * work.width * static_cast<int64_t>(sizeof(T)));
  const Tensor weights_EDF = at::ones({experts, work.depth, work.width}, type);
  const Tensor x_ND = at::ones({kRowStep, work.depth}, type);
  const VectorPath path = best_vector_path();
  // Of ones, packed weights are laid out like others.
  const WeightStrips<T, T> weights(path, work.packed ? Tensor() : weights_EDF,
                                   work.packed ? weights_EDF : Tensor(), work.depth, work.width, 1);
  const Scratch scratch(Carver::bytes<T>(strip_numbers(work.depth)) +
                        Carver::bytes<float>(kRowStep * kStrip));
  std::vector<int64_t> tasks(strips);
  std::iota(tasks.begin(), tasks.end(), 0);
  int64_t expert = 0;
  time_each(state, [&] {
    run_tasks(tasks, scratch, [&](int64_t strip, std::byte* memory) {
      Carver carver(memory);
      T* packed = carver.take<T>(strip_numbers(work.depth));
      float* c = carver.take<float>(kRowStep * kStrip);
      multiply_block(work.kernel, path, x_ND.const_data_ptr<T>(), work.depth,
                     weights.at(expert, 0, strip, 0, work.depth, packed), work.rows, kStrip,
                     work.depth, false, c);
    });
    expert = (expert + 1) % experts;
  });
}

template <class T>
void add(const FewRows& work, const std::string& type) {
  benchmark::RegisterBenchmark(work.name(type).c_str(),
                               [work](benchmark::State& state) { time_rows<T>(state, work); })
      ->Unit(benchmark::kMicrosecond)
      ->UseRealTime();
}

}  // namespace
}  // namespace moestro::bench

int main(int argc, char** argv) {
  using namespace moestro::bench;
  using moestro::BlockKernel;
  for (const auto& [depth, width] : {std::pair{512, 512}, {1024, 1024}})
    for (const bool packed : {true, false})
      for (const int64_t rows : {1, 2, 3, 4, 6, 8, 16, 64})
        for (const BlockKernel kernel : {BlockKernel::few_rows, BlockKernel::many_rows}) {
          const FewRows work = {kernel, packed, depth, width, rows};
          add<float>(work, "float32");
          if (kernel == BlockKernel::few_rows || moestro::has_bfloat16_products())
            add<c10::BFloat16>(work, "bfloat16");
        }
  return run_program(argc, argv);
}
