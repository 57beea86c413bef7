#include "moestro/measure/probing.h"

#include <cmath>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "gradient_check.h"
#include "moestro/core/error.h"
#include "moestro/measure/accuracy.h"
#include "moestro/measure/who_is_right.h"
#include "thrown.h"

namespace moestro {
namespace {

Tensor numbers(const std::vector<double>& values) {
  return at::tensor(values, at::kDouble);
}

::testing::AssertionResult near(const Tensor& a, const Tensor& b) {
  if (at::allclose(a, b, 0, 1e-14, /*equal_nan=*/true)) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << a << " is not " << b;
}

// Four samples of class 1, three experts. Expert 0 owns 0 to 2 and has 0 right; expert 1 owns 3 and
// has it right; expert 2 owns none. About sample 2 nobody is right.
const Tensor kOwner = at::tensor({0, 0, 0, 1}, at::kLong), kLabels = at::ones({4}, at::kLong),
             kPredicted = at::tensor({1, 0, 0, 0, 1, 1, 0, 2, 0, 1, 1, 0}, at::kLong).view({4, 3});

TEST(ProbeClasses, has_closed_forms) {
  const Probing probing = probe_classes(kPredicted, kOwner, kLabels);
  EXPECT_TRUE(near(probing.share_E, numbers({.75, .25, 0})));
  EXPECT_TRUE(near(probing.own_E, numbers({2. / 3, 0, NAN})));
  EXPECT_TRUE(near(probing.others_E, numbers({0, 2. / 3, .75})));
  EXPECT_TRUE(near(probing.all_E, numbers({.5, .5, .75})));
  EXPECT_DOUBLE_EQ(probing.own, .5);
  EXPECT_DOUBLE_EQ(probing.others, (2 + 0 + 2 + 1) / 8.);
  EXPECT_DOUBLE_EQ(probing.all, 7. / 12);
  EXPECT_DOUBLE_EQ(probing.oracle_error, .25);
  EXPECT_DOUBLE_EQ(probing.classes->routing_accuracy, 2. / 3);
  EXPECT_DOUBLE_EQ(probing.classes->agreement, (1 + 1 + 1 + 1) / 12.);
}

struct Drawn {
  Tensor predicted_NE, probs_NE, labels_N;
  Tensor owner_N() const { return probs_NE.argmax(1); }
};

Drawn drawn(int64_t experts) {
  const auto classes = [](const Shape& shape, uint64_t seed) {
    return at::floor(testing::normal(shape, seed).abs() * 2).to(at::kLong);
  };
  return {classes({60, experts}, 1), testing::normal({60, experts}, 3).softmax(1),
          classes({60}, 2)};
}

TEST(ProbeClasses, agrees_with_the_other_measures_of_who_is_right) {
  const Drawn d = drawn(4);
  const Probing probing = probe_classes(d.predicted_NE, d.owner_N(), d.labels_N);
  EXPECT_TRUE(near(1 - probing.own_E, own_accuracy(d.predicted_NE, d.probs_NE, d.labels_N)));
  EXPECT_TRUE(near(1 - probing.all_E, expert_accuracy(d.predicted_NE, d.labels_N)));
  const double owner = hard_top1_accuracy(d.predicted_NE, d.probs_NE, d.labels_N),
               oracle = oracle_accuracy(d.predicted_NE, d.labels_N);
  EXPECT_NEAR(probing.own, 1 - owner, 1e-14);
  EXPECT_NEAR(probing.oracle_error, 1 - oracle, 1e-14);
  EXPECT_NEAR(probing.classes->routing_accuracy, owner / oracle, 1e-14);
}

TEST(ProbeClasses, splits_every_error_into_own_and_others) {
  const Drawn d = drawn(4);
  const Probing p = probe_classes(d.predicted_NE, d.owner_N(), d.labels_N);
  EXPECT_TRUE(near(p.share_E * p.own_E + (1 - p.share_E) * p.others_E, p.all_E));
  EXPECT_NEAR((p.share_E * p.own_E).sum().item<double>(), p.own, 1e-14);
  EXPECT_NEAR(p.own / 4 + p.others * 3 / 4, p.all, 1e-14);
}

TEST(Probing, of_permuted_experts_is_permuted_and_else_the_same) {
  const Drawn d = drawn(4);
  const Tensor order_E = at::tensor({2, 0, 3, 1}, at::kLong);
  const Tensor predicted_NE = d.predicted_NE.index_select(1, order_E),
               owner_N = d.probs_NE.index_select(1, order_E).argmax(1);
  for (const auto probe : {probe_classes, probe_values}) {
    const Probing before = probe(d.predicted_NE, d.owner_N(), d.labels_N),
                  after = probe(predicted_NE, owner_N, d.labels_N);
    for (const auto list :
         {&Probing::share_E, &Probing::own_E, &Probing::others_E, &Probing::all_E})
      EXPECT_TRUE(near(after.*list, (before.*list).index_select(0, order_E)));
    for (const auto total :
         {&Probing::own, &Probing::others, &Probing::all, &Probing::oracle_error})
      EXPECT_NEAR(after.*total, before.*total, 1e-14);
    if (!before.classes) continue;
    EXPECT_EQ(after.classes->routing_accuracy, before.classes->routing_accuracy);
    EXPECT_EQ(after.classes->agreement, before.classes->agreement);
  }
}

TEST(ProbeClasses, does_not_know_what_there_is_no_sample_for) {
  const Tensor wrong = at::zeros({4, 2}, at::kLong), first = at::zeros({4}, at::kLong);
  const Probing none_right = probe_classes(wrong, first, kLabels);
  EXPECT_TRUE(std::isnan(none_right.classes->routing_accuracy));
  EXPECT_TRUE(near(none_right.own_E, numbers({1, NAN})));
  EXPECT_TRUE(near(none_right.others_E, numbers({NAN, 1})));  // expert 0 owns all
  const Probing alone = probe_classes(wrong.narrow(1, 0, 1), first, kLabels);
  EXPECT_EQ(alone.own, 1);
  EXPECT_TRUE(std::isnan(alone.others));
  EXPECT_TRUE(std::isnan(alone.classes->agreement));
}

TEST(ProbeValues, are_roots_of_mean_squared_errors) {
  const Tensor predicted = at::tensor({1., 4., 0., 2., 5., 1.}).to(at::kFloat).view({3, 2}),
               targets = at::tensor({1., 2., 5.}).to(at::kFloat),  // wrong: 0 3, -2 0, 0 -4
      owner = at::tensor({0, 0, 1}, at::kLong);
  const Probing probing = probe_values(predicted, owner, targets);
  EXPECT_TRUE(near(probing.share_E, numbers({2. / 3, 1. / 3})));
  EXPECT_TRUE(near(probing.own_E, numbers({std::sqrt(2.), 4})));
  EXPECT_TRUE(near(probing.others_E, numbers({0, std::sqrt(4.5)})));
  EXPECT_TRUE(near(probing.all_E, numbers({std::sqrt(4. / 3), std::sqrt(25. / 3)})));
  EXPECT_DOUBLE_EQ(probing.own, std::sqrt(20. / 3));
  EXPECT_DOUBLE_EQ(probing.others, std::sqrt(3.));
  EXPECT_DOUBLE_EQ(probing.all, std::sqrt(29. / 6));
  EXPECT_DOUBLE_EQ(probing.oracle_error, 0);
  EXPECT_FALSE(probing.classes);
}

TEST(Probing, of_no_sample_is_refused) {
  const Tensor predicted = at::zeros({0, 2}, at::kLong), none = at::zeros({0}, at::kLong);
  for (const auto probe : {probe_classes, probe_values})
    EXPECT_EQ(testing::thrown<UserError>([&] { probe(predicted, none, none); }),
              "probing: the set is empty; expected at least one sample");
}

}  // namespace
}  // namespace moestro
