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
#include "nn/kernels/blocks/row_product.h"
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

template <class T>
std::vector<T> stored(int64_t count) {
  const std::vector<float> all = numbers(count);
  return std::vector<T>(all.begin(), all.end());
}

// A block of 256 rows of a sparse layer, 512 wide, stored and multiplied as T.
template <class T>
struct Block {
  static constexpr int64_t kRows = 256, kWidth = 512, kUp = kRows * kStrip;
  std::vector<T> x = stored<T>(kRows * kWidth), out = stored<T>(kRows * kWidth), more = out;
  std::vector<float> up = numbers(2 * kUp), sums = numbers(kRows * kWidth),
                     weights = numbers(kRows), dots = numbers(kRows);
  RowSource<T> source{x.data(), kWidth};

  void rows() { pack_rows(kPath, source, kRows, kWidth, out.data(), kWidth); }
  void transposed() { pack_transposed(kPath, source, kRows, kRows, 0, kWidth, out.data(), kRows); }
  void strip() { pack_strip(kPath, source, kRows, 0, kStrip, out.data()); }
  void strip_transposed() { pack_strip_transposed(kPath, source, kStrip, 0, kRows, out.data()); }
  void rounded() { round_rows(kPath, sums.data(), kWidth, kRows, kWidth, out.data(), kWidth); }

  void few(int64_t rows) {
    row_product(kPath, x.data(), kWidth, rows, out.data(), kStrip, kWidth, false, sums.data());
  }

  void act(FeedForwardKind kind) {
    activate(kPath, kind,
             ActivationBlock<T, T>{kRows,
                                   kStrip,
                                   {up.data(), up.data() + kUp},
                                   {},
                                   {x.data(), x.data() + kUp},
                                   kStrip,
                                   out.data(),
                                   kStrip});
  }
  void act_backward(FeedForwardKind kind) {
    activate_backward(kPath, kind,
                      ActivationGradBlock<T, T>{kRows,
                                                kStrip,
                                                up.data(),
                                                weights.data(),
                                                {x.data(), x.data() + kUp},
                                                kStrip,
                                                {out.data(), out.data() + kUp},
                                                kStrip,
                                                more.data(),
                                                kStrip,
                                                dots.data(),
                                                1});
  }

  void weighed() {
    weigh_rows(kPath, up.data(), kRows, kStrip, weights.data(), weights.data(), sums.data(),
               kWidth);
  }
  void added() {
    const int64_t numbers[] = {7, 3, -1, 100};
    for (int64_t r = 0; r < kRows; ++r)
      add_rows(kPath, sums.data(), kWidth, numbers, 4, kWidth, out.data() + r * kWidth);
  }
  void summed() { sum_rows(kPath, source, kRows, kWidth, weights.data(), sums.data()); }
  void dotted() { row_dots(kPath, x.data(), kWidth, kRows, kWidth, sums.data(), dots.data(), 1); }
};

using Kernels = std::map<std::string, std::function<void()>>;

// FUNCTION or FUNCTION/VARIANT: instructions are counted in the function of that name.
template <class T>
void add_blocks(Kernels& all, const std::string& type) {
  all["pack_rows/" + type] = [] { Block<T>().rows(); };
  all["pack_transposed/" + type] = [] { Block<T>().transposed(); };
  all["pack_strip/" + type] = [] { Block<T>().strip(); };
  all["pack_strip_transposed/" + type] = [] { Block<T>().strip_transposed(); };
  for (const int64_t rows : {1, 4})
    all["row_product/" + type + "/" + std::to_string(rows)] = [=] { Block<T>().few(rows); };
  for (const auto& [name, kind] : {std::pair{"relu", FeedForwardKind::relu},
                                   {"gelu", FeedForwardKind::gelu},
                                   {"swiglu", FeedForwardKind::swiglu}}) {
    all["activate/" + type + "/" + name] = [kind = kind] { Block<T>().act(kind); };
    all["activate_backward/" + type + "/" + name] = [kind = kind] {
      Block<T>().act_backward(kind);
    };
  }
  all["add_rows/" + type] = [] { Block<T>().added(); };
  all["sum_rows/" + type] = [] { Block<T>().summed(); };
  all["row_dots/" + type] = [] { Block<T>().dotted(); };
}

Kernels all_kernels() {
  Kernels all = {
      {"images_to_lanes", [] { ConvPool().to_lanes(); }},
      {"conv_pool_forward", [] { ConvPool().forward(); }},
      {"conv_pool_backward", [] { ConvPool().backward(); }},
      {"patch_sums", [] { ConvPool().sums(); }},
      {"mix_forward", [] { Mix().forward(); }},
      {"mix_backward", [] { Mix().backward(); }},
      {"weigh_rows", [] { Block<float>().weighed(); }},
      {"round_rows", [] { Block<c10::BFloat16>().rounded(); }},
  };
  add_blocks<float>(all, "float32");
  add_blocks<c10::BFloat16>(all, "bfloat16");
  return all;
}

}  // namespace

int main(int count, char** arguments) {
  const std::vector<VectorPath> paths = vector_paths();
  if (std::ranges::find(paths, kPath) == paths.end()) return kNoSuchPath;
  const Kernels kernels = all_kernels();
  if (count == 2 && kernels.contains(arguments[1])) {
    kernels.at(arguments[1])();
    return 0;
  }
  for (const auto& [name, run] : kernels) std::cout << name << "\n";
  return count == 1 ? 0 : 2;
}
