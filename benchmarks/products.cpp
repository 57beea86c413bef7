// The products of linear layers, with their gradients, the ways we can compute them: where one
// begins to be faster than another decides which is taken (kLeast... in
// src/nn/kernels/stacked_product.cpp, kNarrowWidth).
//
//   WAY/EXPERTS/ROWS/DEPTH/WIDTH      WAY: batched (at::baddbmm), blocks, transposed
#include <ATen/ATen.h>
#include <benchmark/benchmark.h>
#include <fmt/ranges.h>

#include "nn/kernels/narrow_product.h"
#include "nn/kernels/stacked_product.h"
#include "program.h"

namespace moestro::bench {
namespace {

using Product = Tensor (*)(const Tensor&, const Tensor&, const Tensor&);

Tensor batched(const Tensor& x_END, const Tensor& weight_EDF, const Tensor& bias_EF) {
  return at::baddbmm(bias_EF.unsqueeze(1), x_END, weight_EDF);
}

void time_product(benchmark::State& state, Product product, const Shape& shape) {
  const int64_t experts = shape[0], rows = shape[1], depth = shape[2], width = shape[3];
  const Tensor x_END = at::randn({experts, rows, depth}).requires_grad_(),
               weight_EDF = at::randn({experts, depth, width}).requires_grad_(),
               bias_EF = at::randn({experts, width}).requires_grad_(),
               grad_ENF = at::randn({experts, rows, width});
  const double seconds = time_each(state, [&] {
    for (const Tensor& leaf : {x_END, weight_EDF, bias_EF}) leaf.mutable_grad() = Tensor();
    product(x_END, weight_EDF, bias_EF).backward(grad_ENF);
  });
  state.counters["blocks_pay"] = stacked_product_pays(x_END, weight_EDF);
  state.counters["narrow"] = width <= kNarrowWidth;
  state.counters["operations/s"] = 6. * experts * rows * depth * width / seconds;
}

// Layers of the published networks, and others around the places where ways cross.
const std::vector<Shape> kShapes = {{1, 512, 1352, 512}, {1, 512, 169, 128}, {1, 512, 512, 32},
                                    {5, 512, 169, 64},   {20, 512, 169, 64}, {5, 64, 512, 512},
                                    {5, 512, 256, 256},  {5, 512, 64, 32},   {20, 512, 64, 32},
                                    {20, 512, 128, 24},  {20, 512, 128, 16}, {20, 512, 32, 10},
                                    {20, 512, 169, 5}};

}  // namespace
}  // namespace moestro::bench

int main(int argc, char** argv) {
  using namespace moestro::bench;
  const std::pair<const char*, Product> ways[] = {{"batched", &batched},
                                                  {"blocks", &moestro::stacked_product},
                                                  {"transposed", &moestro::narrow_product}};
  for (const moestro::Shape& shape : kShapes)
    for (const auto& [name, product] : ways)
      benchmark::RegisterBenchmark(fmt::format("{}/{}", name, fmt::join(shape, "/")).c_str(),
                                   [product = product, shape](benchmark::State& state) {
                                     time_product(state, product, shape);
                                   })
          ->Unit(benchmark::kMillisecond)
          ->UseRealTime();
  return moestro::bench::run_program(argc, argv);
}
