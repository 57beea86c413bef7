#include "moestro/nn/feed_forward_bank.h"

#include <cmath>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "gradient_check.h"

namespace moestro {
namespace {

using namespace testing;

FeedForwardBank exact(FeedForwardKind kind, bool bias = true) {
  FeedForwardBank bank({4, 6, kind, bias}, "bank", 3, 7);
  for (const Parameter& parameter : bank.parameters())
    parameter.value.set_data(normal(parameter.value.sizes().vec(), parameter.name.size()));
  return bank;
}

const std::vector<FeedForwardKind> kKinds = {FeedForwardKind::relu, FeedForwardKind::gelu,
                                             FeedForwardKind::swiglu};

TEST(FeedForwardBank, gives_the_same_all_at_once_and_one_by_one) {
  const Tensor x_ND = normal({5, 4}, 1);
  for (const FeedForwardKind kind : kKinds)
    for (const bool bias : {true, false}) {
      const FeedForwardBank bank = exact(kind, bias);
      const NetworkOutput all = bank.forward_all(x_ND, true);
      for (int64_t e = 0; e < 3; ++e)
        EXPECT_TRUE(at::allclose(all.out_ENC[e], bank.forward_one(e, x_ND), 1e-10, 1e-10));
      EXPECT_EQ(all.hidden_ENF->size(2), kind == FeedForwardKind::swiglu ? 12 : 6);
    }
}

TEST(FeedForwardBank, mixes_what_it_gives_for_the_chosen) {
  const FeedForwardBank bank = exact(FeedForwardKind::gelu);
  const Tensor x_ND = normal({4, 4}, 2), weights_NK = normal({4, 2}, 3).softmax(1);
  const Tensor experts_NK = at::tensor({0, 2, 1, 0, 2, 1, 0, 1}, at::kLong).view({4, 2});
  const Tensor chosen_NKD = bank.forward_chosen(x_ND, experts_NK);
  EXPECT_TRUE(at::allclose(bank.forward_mixed(x_ND, experts_NK, weights_NK),
                           (chosen_NKD * weights_NK.unsqueeze(2)).sum(1), 1e-10, 1e-10));
  EXPECT_TRUE(at::allclose(chosen_NKD[2][1], bank.forward_one(1, x_ND)[2], 1e-10, 1e-10));
}

TEST(FeedForwardBank, gives_the_same_with_experts_side_by_side) {
  const Tensor x_ND = normal({4, 4}, 2), weights_NK = normal({4, 2}, 3).softmax(1);
  const Tensor experts_NK = at::tensor({0, 2, 1, -1, 2, 1, 0, 1}, at::kLong).view({4, 2});
  for (const FeedForwardKind kind : kKinds)
    for (const bool bias : {true, false}) {
      const FeedForwardBank bank = exact(kind, bias);
      EXPECT_TRUE(at::allclose(bank.forward_wide(x_ND, experts_NK, weights_NK),
                               bank.forward_mixed(x_ND, experts_NK, weights_NK), 1e-10, 1e-10));
    }
}

TEST(FeedForwardBank, gives_nothing_to_rows_that_are_sent_nowhere) {
  const FeedForwardBank bank = exact(FeedForwardKind::relu);
  const Tensor experts_N1 = at::tensor({-1, 2}, at::kLong).view({2, 1});
  const Tensor weights_N1 = at::tensor({std::nan(""), 1.}).view({2, 1}), x_ND = normal({2, 4}, 4);
  for (const Tensor& y_ND : {bank.forward_mixed(x_ND, experts_N1, weights_N1),
                             bank.forward_wide(x_ND, experts_N1, weights_N1)}) {
    EXPECT_EQ(y_ND[0].abs().max().item<double>(), 0);
    EXPECT_GT(y_ND[1].abs().max().item<double>(), 0);
  }
}

TEST(FeedForwardBank, frozen_experts_get_no_gradient) {
  FeedForwardBank bank = exact(FeedForwardKind::gelu);
  bank.freeze(1);
  bank.forward_all(normal({5, 4}, 5)).out_ENC.square().sum().backward();
  for (const Parameter& parameter : bank.parameters()) {
    const Tensor gradient = parameter.value.grad();
    EXPECT_EQ(gradient[1].abs().max().item<double>(), 0) << parameter.name;
    EXPECT_GT(gradient[2].abs().max().item<double>(), 0) << parameter.name;
  }
}

TEST(FeedForwardBank, of_adapters_gives_zero_at_the_start) {
  FeedForwardShape shape{4, 6, FeedForwardKind::relu};
  shape.start = FeedForwardStart::adapter;
  const FeedForwardBank bank(shape, "bank", 3, 7);
  EXPECT_TRUE(bank.forward_all(at::ones({2, 4})).out_ENC.eq(0).all().item<bool>());
  const Tensor up_EDF = bank.parameters()[0].value;
  EXPECT_GT(up_EDF.abs().max().item<double>(), .4);
  EXPECT_LE(up_EDF.abs().max().item<double>(), .5);
}

// Experts that give their hidden layer.
FeedForwardBank dropping() {
  FeedForwardBank bank({4, 4, FeedForwardKind::relu, true, .25}, "bank", 3, 7);
  const std::vector<Parameter> parameters = bank.parameters();
  for (const Parameter& parameter : parameters)
    parameter.value.set_data(at::zeros(parameter.value.sizes(), at::kDouble));
  for (const size_t weight : {0, 2})
    parameters[weight].value.set_data(at::eye(4, at::kDouble).repeat({3, 1, 1}));
  return bank;
}

TEST(FeedForwardBank, drops_hidden_units_in_training_and_not_of_frozen_experts) {
  FeedForwardBank bank = dropping();
  bank.freeze(1);
  const ForwardContext training{.training = true, .seed = 3, .step = 2};
  const Tensor x_ND = at::ones({500, 4}, at::kDouble);
  const Tensor experts_NK = at::arange(3).remainder(3).narrow(0, 0, 2).expand({500, 2});
  const Tensor chosen_NKD = bank.forward_chosen(x_ND, experts_NK, training);
  const auto is_dropped = [](const Tensor& y_ND) {
    const Tensor kept = y_ND.ne(0);
    return at::allclose(y_ND.masked_select(kept), at::tensor(1 / .75, at::kDouble)) &&
           std::abs(kept.to(at::kDouble).mean().item<double>() - .75) < .05;
  };
  EXPECT_TRUE(is_dropped(chosen_NKD.select(1, 0)));
  EXPECT_TRUE(chosen_NKD.select(1, 1).eq(1).all().item<bool>());
  const Tensor all_END = bank.forward_all(x_ND, false, training).out_ENC;
  EXPECT_TRUE(is_dropped(all_END[0]) && is_dropped(all_END[2]));
  EXPECT_TRUE(all_END[1].eq(1).all().item<bool>());
  EXPECT_TRUE(bank.forward_one(2, x_ND, training).equal(all_END[2]));
  const auto wide = [&](int64_t expert) {
    return bank.forward_wide(x_ND, at::full({500, 1}, expert), at::ones({500, 1}, at::kDouble),
                             training);
  };
  EXPECT_TRUE(wide(0).equal(all_END[0]) && wide(1).equal(all_END[1]));
  EXPECT_TRUE(bank.forward_chosen(x_ND, experts_NK).eq(1).all().item<bool>());
  EXPECT_NE(bank.describe().find("in training ATen's products"), std::string::npos);
}

TEST(FeedForwardBank, keys_its_noise_by_step_and_mixes_what_it_gives) {
  const FeedForwardBank bank = dropping();
  const Tensor x_ND = normal({9, 4}, 1).abs(), weights_NK = normal({9, 2}, 2);
  const Tensor experts_NK = at::arange(18).remainder(3).view({9, 2});
  const ForwardContext training{.training = true, .seed = 3, .step = 2};
  ForwardContext next = training;
  next.step = 3;
  const Tensor y_ND = bank.forward_mixed(x_ND, experts_NK, weights_NK, training);
  EXPECT_TRUE(y_ND.equal(bank.forward_mixed(x_ND, experts_NK, weights_NK, training)));
  EXPECT_FALSE(y_ND.equal(bank.forward_mixed(x_ND, experts_NK, weights_NK, next)));
  const Tensor chosen_NKD = bank.forward_chosen(x_ND, experts_NK, training);
  EXPECT_TRUE(at::allclose(y_ND, (chosen_NKD * weights_NK.unsqueeze(2)).sum(1), 1e-10, 1e-10));
}

TEST(FeedForwardBank, shows_its_live_tensors_by_name) {
  const FeedForwardBank bank = exact(FeedForwardKind::gelu);
  const ExpertTensors tensors = bank.tensors();
  EXPECT_TRUE(tensors.at("up.weight", 2).is_alias_of(bank.parameters()[0].value));
  EXPECT_EQ(tensors.at("down.bias", 0).sizes(), (Shape{4}));
}

}  // namespace
}  // namespace moestro
