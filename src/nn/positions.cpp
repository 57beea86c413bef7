#include "moestro/nn/positions.h"

#include <cmath>

#include <ATen/ATen.h>

namespace moestro {
namespace {

constexpr double kBase = 10000;

// [length, width / 2]: place / base^(2 i / width).
Tensor angles(int64_t first, int64_t length, int64_t width, c10::Device device) {
  const auto options = at::TensorOptions().dtype(at::kDouble).device(device);
  const Tensor exponents = at::arange(width / 2, options) * (2. / static_cast<double>(width));
  const Tensor rates = at::exp(exponents * -std::log(kBase));
  const Tensor places = at::arange(first, first + length, options);
  return places.unsqueeze(1) * rates;
}

}  // namespace

Tensor sinusoids(int64_t first, int64_t length, int64_t width, c10::Device device) {
  const Tensor angles_TD = angles(first, length, width, device);
  return at::cat({angles_TD.sin(), angles_TD.cos()}, 1);
}

Tensor rotary_turns(int64_t first, int64_t length, int64_t head_width, at::TensorOptions options) {
  const Tensor angles_TD = angles(first, length, head_width, options.device());
  return at::cat({angles_TD.cos(), angles_TD.sin()}, 1).to(options.dtype());
}

Tensor rotated(const Tensor& x, const Tensor& turns) {
  const auto halves = x.chunk(2, -1), turn = turns.chunk(2, -1);
  const Tensor &cos = turn[0], &sin = turn[1];
  return at::cat({halves[0] * cos - halves[1] * sin, halves[1] * cos + halves[0] * sin}, -1);
}

}  // namespace moestro
