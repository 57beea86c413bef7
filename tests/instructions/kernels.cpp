// Runs one of our vector kernels once, on made-up numbers, for counting.py to count its
// instructions. No LibTorch: under callgrind its start would take a minute.
//
//   kernels NAME    NAME: one of those that `kernels` alone prints; exit code 77 without AVX2
#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "nn/kernels/blocks/packing.h"
#include "nn/kernels/conv_pool_kernel.h"
#include "nn/kernels/feed_forward/activation.h"
#include "nn/kernels/mix_kernel.h"

using namespace moestro;

namespace {

constexpr VectorPath kPath = VectorPath::avx2;
constexpr int kNoSuchPath = 77;

std::vector<float> numbers(int64_t count) {
  std::vector<float> all(count);
  uint32_t state = 1;
  for (float& value : all) {
    state = state * 1664525 + 1013904223;
    value = static_cast<float>(state >> 8) / (1 << 24) - .5f;
  }
  return all;
}

// The first layer of five experts on MNIST, 64 samples.
struct ConvPool {
  ConvPoolShape shape{64, 1, 28, 28, 0, 3, 5};
  int64_t lanes_of_path = lane_count(kPath), blocks = shape.blocks(lanes_of_path);
  int64_t outputs = shape.filters * shape.windows();
  OutputPlaces places{shape.filters, 0, shape.windows(), outputs};
  std::vector<float> x = numbers(shape.samples * 28 * 28), weight = numbers(5 * shape.taps()),
                     bias = numbers(5), out = numbers(shape.samples * outputs),
                     lanes = numbers(blocks * shape.pixels() * lanes_of_path),
                     grads = numbers(blocks * 5 * (shape.taps() + 1));
  std::vector<uint8_t> winners = std::vector<uint8_t>(blocks * outputs * lanes_of_path, 2);
  std::vector<double> moments = std::vector<double>(blocks * shape.taps() * (shape.taps() + 1));

  void to_lanes() { images_to_lanes(kPath, shape, x.data(), lanes.data(), 0, blocks); }
  void forward() {
    conv_pool_forward(
        kPath,
        {shape, lanes.data(), weight.data(), bias.data(), true, places, out.data(), winners.data()},
        0, blocks);
  }
  void backward() {
    conv_pool_backward(
        kPath, {shape, lanes.data(), winners.data(), places, out.data(), grads.data()}, 0, blocks);
  }
  void sums() { patch_sums(kPath, shape, lanes.data(), moments.data(), 0, blocks); }
};

// Five experts, ten classes, 512 samples.
struct Mix {
  MixShape shape{512, 5, 10};
  int64_t samples = shape.samples, outputs = 5 * 10 * samples;
  MixPlaces places{10, 10 * samples, 1};
  std::vector<float> out = numbers(outputs), weights = std::vector<float>(5 * samples, .2f),
                     normalisers = numbers(5 * samples), mixed = numbers(10 * samples),
                     grad_mixed = numbers(10 * samples), grad_out = numbers(outputs),
                     grad_weights = numbers(5 * samples);

  void forward() {
    mix_forward(kPath,
                {shape, places, out.data(), weights.data(), normalisers.data(), mixed.data()}, 0,
                shape.blocks(lane_count(kPath)));
  }
  void backward() {
    mix_backward(kPath,
                 {shape, places, out.data(), weights.data(), normalisers.data(), mixed.data(),
                  grad_mixed.data(), grad_out.data(), grad_weights.data()},
                 0, shape.blocks(lane_count(kPath)));
  }
};

// A block of 256 rows of a sparse layer, 512 wide, 256 hidden.
struct Block {
  static constexpr int64_t kRows = 256, kWidth = 512;
  std::vector<float> x = numbers(kRows * kWidth), out = numbers(kRows * kWidth);
  RowSource<float> source{x.data(), kWidth};

  void rows() { pack_rows(kPath, source, kRows, kWidth, out.data(), kWidth); }
  void transposed() { pack_transposed(kPath, source, kRows, kRows, 0, kWidth, out.data(), kRows); }
  void strip() { pack_strip(kPath, source, kRows, 0, kStrip, out.data()); }
  void strip_transposed() { pack_strip_transposed(kPath, source, kStrip, 0, kRows, out.data()); }
  void swiglu() {
    activate(
        kPath, FeedForwardKind::swiglu,
        ActivationBlock<float, float>{
            kRows, kStrip, {x.data(), x.data() + kRows * kStrip}, {}, {}, 0, out.data(), kStrip});
  }
};

}  // namespace

int main(int count, char** arguments) {
  const std::vector<VectorPath> paths = vector_paths();
  if (std::ranges::find(paths, kPath) == paths.end()) return kNoSuchPath;
  const std::map<std::string, std::function<void()>> kernels = {
      {"images_to_lanes", [] { ConvPool().to_lanes(); }},
      {"conv_pool_forward", [] { ConvPool().forward(); }},
      {"conv_pool_backward", [] { ConvPool().backward(); }},
      {"patch_sums", [] { ConvPool().sums(); }},
      {"pack_rows", [] { Block().rows(); }},
      {"pack_transposed", [] { Block().transposed(); }},
      {"pack_strip", [] { Block().strip(); }},
      {"pack_strip_transposed", [] { Block().strip_transposed(); }},
      {"activate", [] { Block().swiglu(); }},
      {"mix_forward", [] { Mix().forward(); }},
      {"mix_backward", [] { Mix().backward(); }},
  };
  if (count == 2 && kernels.contains(arguments[1])) {
    kernels.at(arguments[1])();
    return 0;
  }
  for (const auto& [name, run] : kernels) std::cout << name << "\n";
  return count == 1 ? 0 : 2;
}
