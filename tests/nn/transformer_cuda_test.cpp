// A GPU has ways of its own through a Transformer: attention over packed rows, sparse experts
// sorted there, one-kernel dropout. They agree with the CPU.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "cuda_device.h"
#include "moestro/nn/translator.h"

namespace moestro {
namespace {

// Head widths that packed attention takes.
TransformerShape shape_of(PositionKind positions, int64_t experts) {
  TransformerShape shape;
  shape.width = 64;
  shape.heads = 4;
  shape.hidden = 96;
  shape.longest = 12;
  shape.positions = positions;
  shape.mixture.experts = experts;
  shape.mixture.gate.kind = "sigmoid";
  shape.mixture.gate.k = 2;
  return shape;
}

Tensor ids(const std::vector<int64_t>& lengths, int64_t first) {
  Tensor ids_BT = at::full({std::ssize(lengths), 9}, -1, at::kInt);
  for (size_t b = 0; b < lengths.size(); ++b)
    for (int64_t t = 0; t < lengths[b]; ++t)
      ids_BT[static_cast<int64_t>(b)][t] = (first + 7 * static_cast<int64_t>(b) + 3 * t) % 20;
  return ids_BT;
}

struct Outcome {
  Tensor logits_MV;
  std::vector<Tensor> gradients;
};

Outcome outcome(const TransformerShape& shape, const std::vector<int64_t>& sources,
                const std::vector<int64_t>& targets, c10::Device device,
                std::optional<at::ScalarType> precision) {
  Translator model(shape, 20, 1);
  convert(model.parameters(), model.buffers(), device);
  const ForwardContext context{
      .training = true, .targets_N = ids(targets, 5).to(device), .precision = precision};
  const Tensor logits_MV = model.forward(ids(sources, 1).to(device), context, {}).mixed_NC;
  const Tensor probe_MV = at::arange(logits_MV.numel(), at::kFloat).sin().view(logits_MV.sizes());
  (logits_MV.to(at::kFloat) * probe_MV.to(device)).sum().backward();
  Outcome found{logits_MV.detach().to(at::kFloat).cpu(), {}};
  for (const Parameter& parameter : model.parameters())
    found.gradients.push_back(parameter.value.grad().defined()
                                  ? parameter.value.grad().to(at::kFloat).cpu()
                                  : at::zeros_like(parameter.value, at::kCPU));
  return found;
}

// Of a gradient that is 0 but for rounding (a query that sees one key) by size alone.
double distance(const Tensor& a, const Tensor& b) {
  return ((a - b).norm() / (b.norm() + .01)).item<double>();
}

void expect_like_cpu(const TransformerShape& shape, const std::vector<int64_t>& sources,
                     const std::vector<int64_t>& targets, std::optional<at::ScalarType> precision,
                     double tolerance) {
  const Outcome cpu = outcome(shape, sources, targets, at::kCPU, {});
  const Outcome gpu = outcome(shape, sources, targets, at::kCUDA, precision);
  EXPECT_LT(distance(gpu.logits_MV, cpu.logits_MV), tolerance);
  for (size_t i = 0; i < cpu.gradients.size(); ++i)
    EXPECT_LT(distance(gpu.gradients[i], cpu.gradients[i]), 3 * tolerance) << "gradient " << i;
}

TEST(TransformerOnCuda, agrees_with_the_cpu_on_sentences_of_any_length) {
  if (!testing::has_cuda()) GTEST_SKIP() << "no CUDA device";
  for (const PositionKind positions :
       {PositionKind::learned, PositionKind::sinusoidal, PositionKind::rotary})
    for (const int64_t experts : {0, 4}) {
      const TransformerShape shape = shape_of(positions, experts);
      expect_like_cpu(shape, {3, 9, 1, 6}, {5, 2, 9, 4}, {}, 5e-4);
      expect_like_cpu(shape, {9, 9}, {9, 9}, {}, 5e-4);
      expect_like_cpu(shape, {1, 1}, {2, 2}, {}, 5e-4);
    }
}

TEST(TransformerOnCuda, agrees_with_the_cpu_in_bfloat16) {
  if (!testing::has_cuda()) GTEST_SKIP() << "no CUDA device";
  expect_like_cpu(shape_of(PositionKind::learned, 0), {3, 9, 1, 6}, {5, 2, 9, 4}, at::kBFloat16,
                  .03);
}

TEST(TransformerOnCuda, dropout_is_keyed_and_keeps_the_mean) {
  if (!testing::has_cuda()) GTEST_SKIP() << "no CUDA device";
  TransformerShape shape = shape_of(PositionKind::learned, 0);
  shape.dropout = .3;
  const auto found = [&] { return outcome(shape, {3, 9, 1, 6}, {5, 2, 9, 4}, at::kCUDA, {}); };
  EXPECT_TRUE(at::equal(found().logits_MV, found().logits_MV));
  const Outcome without =
      outcome(shape_of(PositionKind::learned, 0), {3, 9, 1, 6}, {5, 2, 9, 4}, at::kCUDA, {});
  EXPECT_GT(distance(found().logits_MV, without.logits_MV), .01);
}

TEST(TransformerOnCuda, takes_more_sentences_than_a_grid_has_places) {
  if (!testing::has_cuda()) GTEST_SKIP() << "no CUDA device";
  constexpr int64_t kSentences = 70000;
  TransformerShape shape = shape_of(PositionKind::learned, 0);
  shape.depth = 1;
  const Transformer encoder(Transformer::Kind::encoder, shape, "encoder", 1);
  convert(encoder.parameters(), {}, at::TensorOptions(at::kCUDA).dtype(at::kBFloat16));
  const auto encoded = [&](int64_t sentences) {
    const Packing rows(sentences, 2, at::kCUDA);
    const Tensor x_ND = at::arange(2 * sentences * shape.width, at::kFloat).remainder(7).sin();
    const at::NoGradGuard no_gradients;
    return encoder.forward(x_ND.view({-1, shape.width}).to(at::kCUDA, at::kBFloat16), rows, {}, {})
        .x_ND.to(at::kFloat);
  };
  const Tensor many_ND = encoded(kSentences), few_ND = encoded(7);
  EXPECT_LT(distance(many_ND.narrow(0, 0, 14), few_ND), .01);
  // Rows repeat after seven sentences.
  EXPECT_LT(distance(many_ND.narrow(0, 2 * (kSentences - 7), 14), few_ND), .01);
}

TEST(TransformerOnCuda, translates_as_the_cpu_does) {
  if (!testing::has_cuda()) GTEST_SKIP() << "no CUDA device";
  const TransformerShape shape = shape_of(PositionKind::sinusoidal, 4);
  const auto translations = [&](c10::Device device) {
    Translator model(shape, 20, 1);
    convert(model.parameters(), model.buffers(), device);
    const Tensor lengths_B = at::tensor({3, 5, 1}, at::kLong);
    const Packing rows(lengths_B, device);
    const Tensor ids_N = at::arange(9, at::kLong).add(3).to(device);
    return model.translate(ids_N, rows, {.beam = 3, .longest = 10});
  };
  const auto cpu = translations(at::kCPU), gpu = translations(at::kCUDA);
  for (size_t b = 0; b < cpu.size(); ++b) EXPECT_NEAR(cpu[b].score, gpu[b].score, 1e-3);
}

}  // namespace
}  // namespace moestro
