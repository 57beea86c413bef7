#include "moestro/train/optimiser.h"

#include <cmath>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

namespace moestro {
namespace {

// Three "experts" of two numbers each.
struct Bank {
  std::shared_ptr<FreezeMask> frozen = std::make_shared<FreezeMask>(3, false);
  Parameter parameter{"experts.0.weight",
                      at::arange(6, at::kFloat).view({3, 2}).add(1).requires_grad_(true), frozen};

  void gradient(double value) {
    parameter.value.mutable_grad() = at::full({3, 2}, value, at::kFloat);
  }
  double at(int64_t e) const { return parameter.value.detach()[e][0].item<double>(); }
};

TrainConfig config(const std::string& optimiser) {
  TrainConfig config;
  config.optimiser = optimiser;
  return config;
}

// Kingma and Ba 2015, algorithm 1, on one number.
struct PlainAdam {
  double value, beta2 = .999, mean = 0, square = 0;
  int64_t steps = 0;

  void step(double gradient, double rate) {
    ++steps;
    mean = .9 * mean + .1 * gradient;
    square = beta2 * square + (1 - beta2) * gradient * gradient;
    const double corrected = mean / (1 - std::pow(.9, steps));
    value -= rate * corrected / (std::sqrt(square / (1 - std::pow(beta2, steps))) + 1e-8);
  }
};

TEST(Optimiser, adam_follows_the_published_rule) {
  Bank bank;
  Optimiser optimiser({bank.parameter}, config("adam"));
  PlainAdam plain{bank.at(1)};
  for (const double gradient : {.3, -.7, .2}) {
    bank.gradient(gradient);
    optimiser.step(.01);
    plain.step(gradient, .01);
    EXPECT_NEAR(bank.at(1), plain.value, 1e-6);
  }
}

TEST(Optimiser, gates_go_at_a_rate_of_their_own) {
  for (const char* kind : {"adam", "adamw", "sgd", "rmsprop"}) {
    Bank experts, gate, layer_gate;
    gate.parameter.name = "gate.0.weight";
    layer_gate.parameter.name = "encoder.1.gate.0.weight";
    TrainConfig slow = config(kind);
    slow.gate_rate = .25;
    Optimiser optimiser({experts.parameter, gate.parameter, layer_gate.parameter}, slow);
    for (Bank* bank : {&experts, &gate, &layer_gate}) bank->gradient(.5);
    optimiser.step(.01);
    const double moved = Bank().at(1) - experts.at(1);
    EXPECT_GT(moved, 0) << kind;
    EXPECT_NEAR(Bank().at(1) - gate.at(1), moved / 4, 1e-6) << kind;
    EXPECT_NEAR(Bank().at(1) - layer_gate.at(1), moved / 4, 1e-6) << kind;
  }
}

TEST(Optimiser, adam_and_adamw_keep_the_share_of_squares_they_are_told) {
  for (const char* kind : {"adam", "adamw"})
    for (const double beta2 : {.98, .5, 0.}) {
      Bank bank;
      TrainConfig with_beta2 = config(kind);
      with_beta2.beta2 = beta2;
      Optimiser optimiser({bank.parameter}, with_beta2);
      PlainAdam plain{bank.at(1), beta2};
      for (const double gradient : {.3, -.7, .2, .9}) {
        bank.gradient(gradient);
        optimiser.step(.01);
        plain.step(gradient, .01);
        EXPECT_NEAR(bank.at(1), plain.value, 1e-6) << kind << " " << beta2;
      }
    }
}

TEST(Optimiser, adamw_shrinks_weights_apart_from_the_gradient) {
  Bank bank;
  TrainConfig with_decay = config("adamw");
  with_decay.weight_decay = .1;
  Optimiser optimiser({bank.parameter}, with_decay);
  bank.gradient(0);
  optimiser.step(.5);
  EXPECT_NEAR(bank.at(0), 1 * (1 - .5 * .1), 1e-6);
}

TEST(Optimiser, sgd_carries_momentum) {
  Bank bank;
  TrainConfig with_momentum = config("sgd");
  with_momentum.momentum = .5;
  Optimiser optimiser({bank.parameter}, with_momentum);
  for (int i = 0; i < 2; ++i) {
    bank.gradient(1);
    optimiser.step(.1);
  }
  EXPECT_NEAR(bank.at(0), 1 - .1 * 1 - .1 * 1.5, 1e-6);
}

TEST(Optimiser, sgd_works_without_momentum) {
  Bank bank;
  Optimiser optimiser({bank.parameter}, config("sgd"));
  bank.gradient(1);
  optimiser.step(.1);
  EXPECT_NEAR(bank.at(2), 5 - .1, 1e-6);
}

// torch.optim.RMSprop(alpha=.99, eps=1e-8) on one number.
TEST(Optimiser, rmsprop_scales_by_the_squares_and_carries_momentum) {
  for (const double momentum : {0., .9}) {
    Bank bank;
    TrainConfig with_decay = config("rmsprop");
    with_decay.momentum = momentum;
    with_decay.weight_decay = .1;
    Optimiser optimiser({bank.parameter}, with_decay);
    double value = bank.at(1), square = 0, carried = 0;
    for (const double gradient : {.3, -.7, .2}) {
      bank.gradient(gradient);
      optimiser.step(.01);
      const double decayed = gradient + .1 * value;
      square = .99 * square + .01 * decayed * decayed;
      carried = momentum * carried + decayed / (std::sqrt(square) + 1e-8);
      value -= .01 * carried;
      EXPECT_NEAR(bank.at(1), value, 1e-6);
    }
  }
}

TEST(Optimiser, a_frozen_slice_moves_exactly_zero) {
  for (const char* kind : {"adam", "adamw", "sgd", "rmsprop"}) {
    Bank bank;
    TrainConfig strong = config(kind);
    strong.weight_decay = .1;
    if (strong.optimiser == "sgd" || strong.optimiser == "rmsprop") strong.momentum = .9;
    Optimiser optimiser({bank.parameter}, strong);
    bank.gradient(1);
    optimiser.step(.1);  // moments are not zero any more
    (*bank.frozen)[1] = true;
    const at::Tensor before = bank.parameter.value.detach().clone();
    for (int i = 0; i < 5; ++i) {
      bank.gradient(1);
      optimiser.step(.1);
    }
    const at::Tensor after = bank.parameter.value.detach();
    EXPECT_TRUE(at::equal(after[1], before[1])) << kind;
    EXPECT_FALSE(at::equal(after[0], before[0])) << kind;
    EXPECT_FALSE(at::equal(after[2], before[2])) << kind;
  }
}

TEST(Optimiser, a_slice_that_was_frozen_goes_on_with_its_own_step_count) {
  Bank bank;
  Optimiser optimiser({bank.parameter}, config("adam"));
  PlainAdam plain{bank.at(1)};
  (*bank.frozen)[1] = true;
  for (int i = 0; i < 3; ++i) {
    bank.gradient(.5);
    optimiser.step(.01);
  }
  (*bank.frozen)[1] = false;
  bank.gradient(.3);
  optimiser.step(.01);
  plain.step(.3, .01);
  EXPECT_NEAR(bank.at(1), plain.value, 1e-6);
}

TEST(Optimiser, clear_forgets_moments_and_step_count_of_one_expert) {
  Bank bank;
  Optimiser optimiser({bank.parameter}, config("adam"));
  bank.gradient(1);
  optimiser.step(.1);
  optimiser.clear("experts", 2);
  for (const auto& [name, tensor] : optimiser.state()) {
    EXPECT_EQ(tensor[2].abs().sum().item<double>(), 0) << name;
    EXPECT_GT(tensor[1].abs().sum().item<double>(), 0) << name;
  }
  PlainAdam plain{bank.at(2)};
  bank.gradient(-.4);
  optimiser.step(.1);
  plain.step(-.4, .1);
  EXPECT_NEAR(bank.at(2), plain.value, 1e-6);
}

TEST(Optimiser, state_written_back_gives_the_same_next_step) {
  Bank a, b;
  Optimiser first({a.parameter}, config("adam")), second({b.parameter}, config("adam"));
  for (int i = 0; i < 3; ++i) {
    a.gradient(.1 * (i + 1));
    first.step(.01);
  }
  {
    const at::NoGradGuard no_grad;
    b.parameter.value.copy_(a.parameter.value);
  }
  const auto from = first.state();
  auto to = second.state();
  for (size_t i = 0; i < to.size(); ++i) to[i].second.copy_(from[i].second);
  second.after_restore();
  a.gradient(.7), b.gradient(.7);
  first.step(.01), second.step(.01);
  EXPECT_TRUE(at::equal(a.parameter.value, b.parameter.value));
}

TEST(Optimiser, a_parameter_without_gradient_stays) {
  Bank bank;
  Optimiser optimiser({bank.parameter}, config("adam"));
  optimiser.step(.1);
  EXPECT_EQ(bank.at(0), 1);
}

TEST(Optimiser, clipping_scales_to_the_largest_norm_and_ignores_frozen_slices) {
  Bank bank;
  Optimiser optimiser({bank.parameter}, config("adam"));
  (*bank.frozen)[0] = true;
  bank.gradient(3);
  EXPECT_NEAR(optimiser.clip_gradients(1).item<double>(), 6, 1e-5);  // sqrt(4 * 3^2)
  const at::Tensor gradient = bank.parameter.value.grad();
  EXPECT_NEAR(gradient.narrow(0, 1, 2).norm().item<double>(), 1, 1e-5);
  bank.gradient(.1);
  EXPECT_NEAR(optimiser.clip_gradients(1).item<double>(), .2, 1e-6);
  EXPECT_NEAR(bank.parameter.value.grad()[1][0].item<double>(), .1, 1e-7);
}

}  // namespace
}  // namespace moestro
