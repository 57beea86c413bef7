// Gradients against central differences, in float64.
#pragma once

#include <cmath>
#include <functional>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <c10/core/GradMode.h>

#include "moestro/core/tensor.h"

namespace moestro::testing {

// The largest |gradient - central difference| over all entries of the leaves (float64, requiring
// grad) that the scalar is computed from; an undefined gradient counts as 0.
inline double gradient_error(const std::function<Tensor()>& scalar,
                             const std::vector<Tensor>& leaves, double step = 1e-6) {
  for (const Tensor& leaf : leaves) leaf.mutable_grad() = Tensor();
  scalar().backward();
  const c10::NoGradGuard no_gradient;
  double worst = 0;
  for (const Tensor& leaf : leaves) {
    const Tensor gradient = leaf.grad().defined() ? leaf.grad() : at::zeros_like(leaf);
    const Tensor values = leaf.view({-1}), gradients = gradient.reshape({-1});
    for (int64_t i = 0; i < values.size(0); ++i) {
      const double kept = values[i].item<double>();
      values[i].fill_(kept + step);
      const double above = scalar().item<double>();
      values[i].fill_(kept - step);
      const double below = scalar().item<double>();
      values[i].fill_(kept);
      const double error = std::abs(gradients[i].item<double>() - (above - below) / (2 * step));
      if (!(error <= worst)) worst = error;  // a NaN counts as worst
    }
  }
  return worst;
}

// float64 draws from N(0, 1), the same in every run.
inline Tensor normal(const Shape& shape, uint64_t seed, bool requires_grad = false) {
  at::Generator generator = at::detail::createCPUGenerator(seed);
  return at::randn(shape, generator, at::kDouble).set_requires_grad(requires_grad);
}

}  // namespace moestro::testing
