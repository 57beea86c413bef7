#include "moestro/measure/specialisation.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "gradient_check.h"
#include "moestro/core/error.h"
#include "thrown.h"

namespace moestro {
namespace {

using testing::normal;
using testing::thrown;

Tensor integers(std::vector<int64_t> values) {
  return at::tensor(values, at::kLong);
}

// Sure decisions: sample b goes to experts[b].
Tensor sure(std::vector<int64_t> experts, int64_t count) {
  return at::one_hot(integers(std::move(experts)), count).to(at::kFloat);
}

TEST(MutualInformation, is_the_entropy_of_classes_that_experts_split_cleanly) {
  EXPECT_NEAR(mutual_information(at::eye(4, at::kLong) * 25), 2, 1e-14);
  // Two classes an expert: one bit of the two.
  EXPECT_NEAR(mutual_information(integers({5, 0, 5, 0, 0, 5, 0, 5}).view({4, 2})), 1, 1e-14);
}

TEST(MutualInformation, is_zero_when_choices_do_not_depend_on_the_class) {
  EXPECT_NEAR(mutual_information(integers({2, 6, 3, 9}).view({2, 2})), 0, 1e-14);
}

TEST(MutualInformation, follows_its_formula) {
  const double h_joint = -(.5 * std::log2(.5) + 2 * .25 * std::log2(.25));
  const double h_rows = 1, h_columns = -(.75 * std::log2(.75) + .25 * std::log2(.25));
  EXPECT_NEAR(mutual_information(integers({2, 0, 1, 1}).view({2, 2})), h_rows + h_columns - h_joint,
              1e-14);
}

TEST(MutualInformation, refuses_a_table_of_zeros) {
  EXPECT_EQ(thrown<UserError>([] {
              mutual_information(at::zeros({2, 2}, at::kLong));
            }),
            "mutual information: no counts; expected at least one sample");
}

TEST(ClassByExpert, counts_classes_of_the_most_probable_expert) {
  const Tensor counts = class_by_expert(sure({0, 0, 2, 1, 0}, 3), integers({1, 1, 0, 0, 0}), 2);
  EXPECT_TRUE(at::equal(counts, integers({1, 1, 1, 2, 0, 0}).view({2, 3})));
}

TEST(ClassByExpert, keeps_classes_and_experts_that_do_not_occur) {
  const Tensor counts = class_by_expert(sure({0}, 4), integers({1}), 3);
  EXPECT_EQ(counts.sizes(), at::IntArrayRef({3, 4}));
  EXPECT_EQ(counts.sum().item<int64_t>(), 1);
}

TEST(Specialisation, of_a_sure_even_split_by_class_is_the_largest_possible) {
  const Tensor labels = integers({0, 1, 2, 3, 0, 1, 2, 3});
  const Specialisation s = specialisation(sure({0, 1, 2, 3, 0, 1, 2, 3}, 4), labels, labels, 4);
  EXPECT_NEAR(s.mutual_information, 2, 1e-14);
  EXPECT_NEAR(s.mutual_information_predicted, 2, 1e-14);
  EXPECT_NEAR(s.sample_entropy, 0, 1e-14);
  EXPECT_NEAR(s.usage_entropy, 2, 1e-14);
  EXPECT_EQ(s.experts_used, 4);
}

TEST(Specialisation, of_even_probabilities_is_unsure_and_uses_the_first_expert) {
  const Tensor labels = integers({0, 1, 0, 1});
  const Specialisation s = specialisation(at::full({4, 8}, .125), labels, labels, 2);
  EXPECT_NEAR(s.sample_entropy, 3, 1e-12);
  EXPECT_NEAR(s.usage_entropy, 3, 1e-12);
  EXPECT_EQ(s.mutual_information, 0);
  EXPECT_EQ(s.experts_used, 1);
}

TEST(Specialisation, tells_the_true_label_from_the_predicted_class) {
  const Tensor probs = sure({0, 1, 0, 1}, 2);
  const Specialisation s = specialisation(probs, integers({0, 0, 1, 1}), integers({0, 1, 0, 1}), 2);
  EXPECT_NEAR(s.mutual_information, 0, 1e-14);
  EXPECT_NEAR(s.mutual_information_predicted, 1, 1e-14);
}

TEST(Specialisation, of_one_expert_is_zero) {
  const Tensor labels = integers({0, 1, 2});
  const Specialisation s = specialisation(at::ones({3, 1}), labels, labels, 3);
  EXPECT_EQ(s.mutual_information, 0);
  EXPECT_EQ(s.permutation_baseline, 0);
  EXPECT_EQ(s.usage_entropy, 0);
  EXPECT_EQ(s.experts_used, 1);
}

TEST(Specialisation, counts_an_expert_as_used_from_one_percent_on) {
  Tensor experts = at::zeros({1000}, at::kLong);
  experts.narrow(0, 0, 10).fill_(1);
  experts.narrow(0, 10, 9).fill_(2);
  const Tensor labels = at::zeros({1000}, at::kLong);
  EXPECT_EQ(specialisation(at::one_hot(experts, 4), labels, labels, 1).experts_used, 2);
}

TEST(Specialisation, baseline_is_above_zero_keyed_by_the_seed_and_falls_with_more_samples) {
  const auto baseline = [](int64_t samples, uint64_t seed) {
    const Tensor labels = at::arange(samples, at::kLong).remainder(4);
    return specialisation(normal({samples, 4}, 1).softmax(1), labels, labels, 4, seed)
        .permutation_baseline;
  };
  EXPECT_GT(baseline(60, 1), 0);
  EXPECT_EQ(baseline(60, 1), baseline(60, 1));
  EXPECT_NE(baseline(60, 1), baseline(60, 2));
  // What chance gives is about (E - 1)(Y - 1) / (2 N ln 2) bits.
  EXPECT_NEAR(baseline(2000, 1), 9 / (2 * 2000 * std::log(2.0)), .0012);
}

TEST(Specialisation, does_not_depend_on_the_order_of_the_experts) {
  const Tensor probs = normal({50, 3}, 2).softmax(1);
  const Tensor labels = at::arange(50, at::kLong).remainder(5);
  const Specialisation a = specialisation(probs, labels, labels, 5, 7);
  const Specialisation b = specialisation(probs.flip(1), labels, labels, 5, 7);
  EXPECT_NEAR(a.mutual_information, b.mutual_information, 1e-12);
  EXPECT_NEAR(a.permutation_baseline, b.permutation_baseline, 1e-12);
  EXPECT_NEAR(a.sample_entropy, b.sample_entropy, 1e-12);
  EXPECT_EQ(a.experts_used, b.experts_used);
}

TEST(Specialisation, refuses_an_empty_set_and_labels_out_of_range) {
  const Tensor none = at::empty({0}, at::kLong), labels = integers({0, 2}), good = integers({0, 1});
  EXPECT_EQ(thrown<UserError>([&] {
              specialisation(at::empty({0, 3}), none, none, 2);
            }),
            "specialisation: the set is empty; expected at least one sample");
  const Tensor probs = sure({0, 1}, 2);
  EXPECT_EQ(thrown<UserError>([&] { specialisation(probs, labels, good, 2); }),
            "specialisation: label class 2; expected 0 to 1");
  EXPECT_EQ(thrown<UserError>([&] { specialisation(probs, good, labels, 2); }),
            "specialisation: predicted class 2; expected 0 to 1");
}

}  // namespace
}  // namespace moestro
