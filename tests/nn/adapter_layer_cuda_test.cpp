// What an adapter layer does otherwise on a GPU: small experts side by side as one wide layer.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "cuda_device.h"
#include "gradient_check.h"
#include "moestro/nn/adapter_layer.h"

namespace moestro {
namespace {

using namespace testing;

AdapterLayer layer_on(c10::Device device, double dropout) {
  AdapterLayer layer({.width = 16, .experts = 6, .hidden = 8, .dropout = dropout}, "side", 5);
  layer.add_task();
  uint64_t seed = 0;
  for (const Parameter& parameter : layer.parameters())
    parameter.value.set_data(
        normal(parameter.value.sizes().vec(), ++seed).to(device).to(at::kFloat));
  return layer;
}

Tensor answer(const AdapterLayer& layer, const Tensor& x_ND, const ForwardContext& context) {
  const Packing rows(at::tensor({2, 4, 1}, at::kLong), x_ND.device());
  return layer.forward(x_ND, rows, 0, context, {})->y_ND;
}

TEST(AdapterLayerOnCuda, agrees_with_the_cpu) {
  if (!has_cuda()) GTEST_SKIP() << "no CUDA device";
  const AdapterLayer here = layer_on(at::kCPU, 0), there = layer_on(at::kCUDA, 0);
  const Tensor x_ND = normal({7, 16}, 9).to(at::kFloat);
  const ForwardContext training{.training = true, .seed = 3, .step = 2};  // with noise of the gate
  const Tensor ours = answer(here, x_ND, training), theirs = answer(there, x_ND.cuda(), training);
  EXPECT_TRUE(at::allclose(ours, theirs.cpu(), 1e-4, 1e-4));
  ours.square().sum().backward();
  theirs.square().sum().backward();
  const std::vector<Parameter> mine = here.parameters(), other = there.parameters();
  for (size_t i = 0; i < mine.size(); ++i)
    EXPECT_TRUE(at::allclose(mine[i].value.grad(), other[i].value.grad().cpu(), 1e-3, 1e-3))
        << mine[i].name;
}

TEST(AdapterLayerOnCuda, leaves_out_nothing_of_a_frozen_expert) {
  if (!has_cuda()) GTEST_SKIP() << "no CUDA device";
  AdapterLayer layer = layer_on(at::kCUDA, .5);
  layer.freeze_gate(0);  // no noise
  const Tensor x_ND = normal({7, 16}, 9).to(at::kFloat).cuda();
  const ForwardContext training{.training = true, .seed = 3, .step = 2};
  const Tensor evaluated = answer(layer, x_ND, {});
  EXPECT_FALSE(at::allclose(answer(layer, x_ND, training), evaluated));
  for (int64_t e = 0; e < 6; ++e) layer.freeze(e);
  EXPECT_TRUE(at::allclose(answer(layer, x_ND, training), evaluated));
}

}  // namespace
}  // namespace moestro
