#include "moestro/nn/layer.h"

#include <limits>

#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "network_fixture.h"
#include "thrown.h"

namespace moestro {
namespace {

using namespace testing;

std::shared_ptr<FreezeMask> frozen(std::initializer_list<bool> flags) {
  return std::make_shared<FreezeMask>(flags);
}

Tensor pooled(const Tensor& x, int64_t size) {
  LayerSpec spec;
  spec.kind = LayerKind::maxpool;
  spec.size = size;
  return make_layer(spec, {})->forward({x, 1, true}, {0, 1}, kTraining).value;
}

TEST(Initialisation, draws_each_expert_by_itself) {
  const auto values = [](int64_t experts) {
    return values_of(network(kMnistExpert, {1, 28, 28}, experts));
  };
  const std::vector<Tensor> of_4 = values(4), of_8 = values(8);
  for (size_t i = 0; i < of_4.size(); ++i) {
    EXPECT_TRUE(at::equal(of_4[i], of_8[i].narrow(0, 0, 4)));
    EXPECT_FALSE(at::equal(of_4[i][0], of_4[i][1]));
  }
}

TEST(Initialisation, is_uniform_up_to_one_over_the_root_of_the_fan_in) {
  const Network made = network({"conv 64 5", "linear 64", "linear classes"}, {4, 9, 9}, 4);
  const auto check = [](const Tensor& value, double fan_in) {
    const double bound = 1 / std::sqrt(fan_in);
    EXPECT_LE(value.abs().max().item<double>(), bound);
    EXPECT_GT(value.abs().max().item<double>(), .95 * bound);
    EXPECT_NEAR(value.var().item<double>() / (bound * bound), 1 / 3., .06);
  };
  check(value_of(made, "0.weight"), 4 * 5 * 5);
  check(value_of(made, "0.bias"), 4 * 5 * 5);
  check(value_of(made, "1.weight"), 64 * 5 * 5);
  check(value_of(made, "1.bias"), 64 * 5 * 5);
}

TEST(Linear, of_few_outputs_equals_a_product_for_each_expert_in_values_and_gradients) {
  for (const std::string layer : {"linear 1", "linear 15", "linear 15 bias=false", "linear 16"})
    for (const int64_t rows : {1, 7}) {
      const int64_t outputs = std::stoi(layer.substr(7));
      const LayerSpec spec = specs_of({layer}, {6}, outputs)[0];
      const auto linear = make_layer(spec, {"linear", 3, 1});
      convert(linear->parameters(), {}, at::kDouble);
      const Tensor x_END = normal({3, rows, 6}, 2).requires_grad_();
      const auto sum = [&](const Tensor& out) {
        return (out * normal(out.sizes().vec(), 3)).sum();
      };
      const auto ours = [&] { return linear->forward({x_END, 3, false}, {0, 3}, kTraining).value; };
      std::vector<Tensor> leaves = {x_END}, plain;
      for (const Parameter& parameter : linear->parameters()) leaves.push_back(parameter.value);
      for (const Tensor& leaf : leaves) plain.push_back(leaf.detach().clone().requires_grad_());
      Tensor expected = at::bmm(plain[0], plain[1]);
      if (plain.size() == 3) expected = expected + plain[2].unsqueeze(1);
      EXPECT_LT(distance(ours(), expected), 1e-13) << layer;
      EXPECT_LT(gradient_error([&] { return sum(ours()); }, leaves), 1e-8) << layer;
      sum(expected).backward();
      for (size_t i = 0; i < leaves.size(); ++i)
        EXPECT_LT(distance(leaves[i].grad(), plain[i].grad()), 1e-13) << layer;
    }
}

TEST(MaxPool, equals_pytorch_in_values_and_gradients_with_ties_and_odd_sizes) {
  for (const at::ScalarType type : {at::kFloat, at::kDouble})
    for (const int64_t size : {2, 3})
      for (const Shape& shape : {Shape{2, 3, 6, 6}, Shape{1, 1, 7, 5}, Shape{3, 2, 3, 600},
                                 Shape{1, 40, 26, 26}, Shape{2, 1, 3, 3}}) {
        // Few different values, half of them zero: most windows have ties.
        const Tensor base = at::relu(at::round(normal(shape, 1) * 2)).to(type);
        const Tensor x = base.clone().requires_grad_(), y = base.clone().requires_grad_();
        const Tensor ours = pooled(x, size), theirs = at::max_pool2d(y, {size, size}, {size, size});
        EXPECT_TRUE(at::equal(ours, theirs));
        const Tensor probe = normal(ours.sizes().vec(), 2).to(type);
        ours.backward(probe);
        theirs.backward(probe);
        EXPECT_TRUE(at::equal(x.grad(), y.grad()));
      }
}

TEST(MaxPool, agrees_with_pytorch_where_entries_are_not_finite_or_not_contiguous) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  Tensor base = at::full({1, 1, 4, 8}, -infinity);
  base[0][0][0][2] = nan;
  base[0][0][1][5] = nan;
  base[0][0][2][0] = nan;
  base[0][0][3][1] = nan;
  base[0][0][2][7] = infinity;
  for (const bool transposed : {false, true}) {
    const Tensor x = base.clone().requires_grad_(), y = base.clone().requires_grad_();
    const auto seen = [&](const Tensor& t) { return transposed ? t.transpose(2, 3) : t; };
    const Tensor ours = pooled(seen(x), 2), theirs = at::max_pool2d(seen(y), {2, 2}, {2, 2});
    EXPECT_TRUE(at::allclose(ours, theirs, 0, 0, /*equal_nan=*/true));
    ours.backward(at::ones_like(ours));
    theirs.backward(at::ones_like(theirs));
    EXPECT_TRUE(at::equal(x.grad(), y.grad()));
  }
}

// PyTorch's batch norm for one expert, its running statistics after one batch.
struct OneNorm {
  Tensor out, mean, var;
};
OneNorm one_norm(const Network& made, int64_t e, const Tensor& x_NC, bool training) {
  Tensor mean = at::zeros({x_NC.size(1)}, at::kDouble), var = at::ones({x_NC.size(1)}, at::kDouble);
  const Tensor out =
      at::batch_norm(x_NC, value_of(made, "1.weight")[e], value_of(made, "1.bias")[e], mean, var,
                     training, .1, 1e-5, false);
  return {out, mean, var};
}

void randomise_norm(const Network& made) {
  const c10::NoGradGuard no_gradient;
  value_of(made, "1.weight").copy_(normal(value_of(made, "1.weight").sizes().vec(), 5));
  value_of(made, "1.bias").copy_(normal(value_of(made, "1.bias").sizes().vec(), 6));
}

// Experts 1 and 2 of 4 frozen, or none: (frozen, not) in runs of more than one.
void check_batch_norm(const std::vector<std::string>& layers, const Shape& sample,
                      const std::shared_ptr<FreezeMask>& mask) {
  const Network made = network(layers, sample, 4, mask, layers.size() > 2 ? 18 : 3);
  randomise_norm(made);
  Shape batch = {6};
  batch.insert(batch.end(), sample.begin(), sample.end());
  const Tensor x = normal(batch, 1);
  const Tensor out_ENC = forward_all(made, x, kTraining);
  for (int64_t e = 0; e < 4; ++e) {
    const Tensor weight = value_of(made, "0.weight")[e], bias = value_of(made, "0.bias")[e];
    const Tensor h = sample.size() == 3 ? at::conv2d(x, weight, bias) : at::addmm(bias, x, weight);
    const OneNorm expected = one_norm(made, e, h, !mask->at(e));
    EXPECT_LT(distance(out_ENC[e], expected.out.flatten(1)), 1e-12);
    EXPECT_LT(distance(value_of(made, "1.running_mean")[e], expected.mean), 1e-13);
    EXPECT_LT(distance(value_of(made, "1.running_var")[e], expected.var), 1e-13);
  }
}

TEST(BatchNorm, equals_pytorch_for_each_expert_and_leaves_frozen_ones_in_evaluation) {
  for (const auto& mask : {frozen({false, false, false, false}), frozen({false, true, true, false}),
                           frozen({true, false, true, true}), frozen({true, true, true, true})}) {
    check_batch_norm({"conv 2 3", "batchnorm", "flatten"}, {1, 5, 5}, mask);
    check_batch_norm({"linear 3", "batchnorm"}, {4}, mask);
  }
}

TEST(BatchNorm, uses_and_keeps_running_statistics_in_evaluation) {
  const Network made = network({"linear 3", "batchnorm"}, {4}, 2, nullptr, 3);
  value_of(made, "1.running_mean").fill_(.5);
  value_of(made, "1.running_var").fill_(4);
  const Tensor x = normal({1, 4}, 1);
  const Tensor h_END =
      at::matmul(x, value_of(made, "0.weight")) + value_of(made, "0.bias").unsqueeze(1);
  EXPECT_LT(distance(forward_all(made, x, kEvaluation), (h_END - .5) / std::sqrt(4 + 1e-5)), 1e-13);
  EXPECT_EQ(value_of(made, "1.running_mean").eq(.5).all().item<bool>(), true);
  EXPECT_EQ(value_of(made, "1.running_var").eq(4).all().item<bool>(), true);
}

TEST(BatchNorm, refuses_a_training_batch_of_one_row) {
  const Network made = network({"linear 3", "batchnorm"}, {4}, 2, nullptr, 3);
  EXPECT_EQ(thrown<UserError>([&] {
              forward_all(made, normal({1, 4}, 1), kTraining);
            }),
            "net.1 \"batchnorm\": a batch of 1 row has no statistics; expected at least 2 "
            "rows in every batch");
}

Tensor dropped(int64_t experts, const ForwardContext& context,
               std::shared_ptr<FreezeMask> mask = nullptr) {
  const Network made =
      network({"dropout 0.25", "flatten"}, {2, 20, 30}, experts, std::move(mask), 1200);
  return forward_all(made, at::ones({4, 2, 20, 30}, at::kDouble), context);
}

TEST(Dropout, drops_the_share_and_scales_the_rest) {
  const Tensor out_END = dropped(2, kTraining);
  const Tensor zero = out_END.eq(0);
  EXPECT_TRUE(
      zero.logical_or(at::isclose(out_END, at::full_like(out_END, 4 / 3.))).all().item<bool>());
  EXPECT_NEAR(zero.to(at::kDouble).mean().item<double>(), .25, .02);
  EXPECT_EQ(distance(dropped(2, kEvaluation), at::ones_like(out_END)), 0);
}

TEST(Dropout, is_keyed_by_seed_step_and_expert) {
  const Tensor out_END = dropped(2, kTraining);
  EXPECT_TRUE(at::equal(out_END, dropped(2, kTraining)));
  EXPECT_TRUE(at::equal(out_END, dropped(5, kTraining).narrow(0, 0, 2)));
  EXPECT_FALSE(at::equal(out_END[0], out_END[1]));
  EXPECT_FALSE(at::equal(out_END, dropped(2, {true, 7, 4})));
  EXPECT_FALSE(at::equal(out_END, dropped(2, {true, 8, 3})));
}

TEST(Dropout, is_off_for_frozen_experts) {
  const Tensor out_END = dropped(3, kTraining, frozen({false, true, false}));
  EXPECT_TRUE(out_END[1].eq(1).all().item<bool>());
  const Tensor free_END = dropped(3, kTraining);
  EXPECT_TRUE(at::equal(out_END[0], free_END[0]));
  EXPECT_TRUE(at::equal(out_END[2], free_END[2]));
}

TEST(Frozen, experts_get_no_gradient_and_change_nobody_elses) {
  const std::vector<std::string> layers = {"conv 2 3", "batchnorm", "relu",
                                           "linear 4", "relu",      "linear classes"};
  const Tensor x = normal({5, 1, 6, 6}, 1), probe = normal({4, 5, 10}, 2);
  const auto gradients = [&](const std::shared_ptr<FreezeMask>& mask) {
    const Network made = network(layers, {1, 6, 6}, 4, mask);
    (forward_all(made, x, kTraining) * probe).sum().backward();
    std::vector<Tensor> all;
    for (const Tensor& value : values_of(made)) all.push_back(value.grad());
    return all;
  };
  const auto free = gradients(nullptr), some = gradients(frozen({true, false, true, true}));
  for (size_t i = 0; i < free.size(); ++i) {
    for (const int64_t e : {0, 2, 3}) {
      EXPECT_TRUE(some[i][e].eq(0).all().item<bool>());
      const bool cancelled = i == 1;  // batch norm takes away the bias before it
      EXPECT_EQ(free[i][e].abs().max().item<double>() < 1e-12, cancelled) << i;
    }
    EXPECT_LT(distance(some[i][1], free[i][1]), 1e-12);
  }
}

TEST(Frozen, a_wholly_frozen_network_builds_no_graph) {
  const Network made =
      network({"linear 4", "relu", "linear classes"}, {3}, 2, frozen({true, true}));
  EXPECT_FALSE(forward_all(made, normal({2, 3}, 1), kTraining).requires_grad());
}

}  // namespace
}  // namespace moestro
