#include "nn/mixture_pass.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "gradient_check.h"
#include "moestro/nn/gate.h"

namespace moestro {
namespace {

using namespace testing;

// On a GPU small experts are one wide layer: what is chosen of them must be the same, and what it
// sends back.
TEST(MixturePass, gives_the_same_with_experts_side_by_side) {
  FeedForwardBank bank({.width = 4, .hidden = 5, .kind = FeedForwardKind::relu, .bias = true},
                       "bank", 6, 3);
  const auto gate = make_gate({.kind = "noisy_topk", .k = 2}, {.input = {4}, .experts = 5});
  std::vector<Parameter> all = bank.parameters();
  append(all, gate->parameters());
  uint64_t seed = 0;
  for (const Parameter& parameter : all)
    parameter.value.set_data(normal(parameter.value.sizes().vec(), ++seed));
  const Packing rows(at::tensor({2, 4, 1}, at::kLong), at::kCPU);
  const Tensor x_ND = normal({7, 4}, 9);

  const auto run = [&](bool wide) {
    for (const Parameter& parameter : all) parameter.value.mutable_grad() = Tensor();
    const Tensor y_ND = MixturePass{bank, *gate, /*experts=*/5, RouteBy::first, wide}
                            .forward(x_ND, rows, {}, {})
                            .y_ND;
    y_ND.square().sum().backward();
    std::vector<Tensor> found = {y_ND.detach()};
    for (const Parameter& parameter : all)
      if (parameter.value.grad().defined()) found.push_back(parameter.value.grad().clone());
    return found;
  };
  const std::vector<Tensor> sorted = run(false), wide = run(true);
  ASSERT_EQ(sorted.size(), wide.size());
  for (size_t i = 0; i < sorted.size(); ++i)
    EXPECT_TRUE(at::allclose(sorted[i], wide[i], 1e-10, 1e-12)) << i;
}

}  // namespace
}  // namespace moestro
