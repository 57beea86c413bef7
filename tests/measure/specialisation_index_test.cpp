#include "moestro/measure/specialisation_index.h"

#include <cmath>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "gradient_check.h"
#include "moestro/core/error.h"
#include "moestro/measure/specialisation.h"
#include "thrown.h"

namespace moestro {
namespace {

Tensor table(std::vector<int64_t> counts, int64_t experts) {
  return at::tensor(counts, at::kLong).view({-1, experts});
}

double index_of(const Tensor& counts_CE, int64_t expert) {
  return specialisation_index(counts_CE)[expert].item<double>();
}

// Counts of 5 classes by 4 experts, the last of which is idle.
Tensor uneven_counts() {
  Tensor counts = at::floor(testing::normal({5, 4}, 3).abs() * 40).to(at::kLong);
  counts.select(1, 3).zero_();
  return counts;
}

TEST(SpecialisationIndex, is_one_for_an_expert_of_one_class) {
  EXPECT_EQ(index_of(table({30, 1, 0, 9, 0, 8}, 2), 0), 1);
}

TEST(SpecialisationIndex, is_zero_for_an_expert_as_mixed_as_the_whole_set) {
  const Tensor counts = table({10, 30, 20, 60, 5, 15}, 2);
  EXPECT_NEAR(index_of(counts, 0), 0, 1e-14);
  EXPECT_NEAR(index_of(counts, 1), 0, 1e-14);
}

TEST(SpecialisationIndex, of_an_expert_of_half_the_even_classes_is_one_bit_of_all) {
  EXPECT_NEAR(index_of(table({7, 0, 7, 0, 0, 7, 0, 7}, 2), 0), 1 - 1. / 2, 1e-14);
}

TEST(SpecialisationIndex, is_below_zero_for_an_expert_more_even_than_a_skewed_set) {
  const double whole = -(.9 * std::log2(.9) + .1 * std::log2(.1));
  EXPECT_NEAR(index_of(table({10, 170, 10, 10}, 2), 0), 1 - 1 / whole, 1e-14);
}

TEST(SpecialisationIndex, is_unknown_for_an_expert_without_samples_and_for_a_set_of_one_class) {
  EXPECT_TRUE(std::isnan(index_of(uneven_counts(), 3)));
  EXPECT_TRUE(specialisation_index(table({4, 3, 0, 0}, 2)).isnan().all().item<bool>());
}

TEST(SpecialisationIndex, weighted_by_usage_is_the_mutual_information_over_the_class_entropy) {
  const Tensor counts = uneven_counts().narrow(1, 0, 3).to(at::kDouble);
  const Tensor usage_E = counts.sum(0) / counts.sum(), class_C = counts.sum(1) / counts.sum();
  const double whole = at::special_entr(class_C).sum().item<double>() / std::log(2.);
  const double mean = (usage_E * specialisation_index(counts)).sum().item<double>();
  EXPECT_NEAR(mean * whole, mutual_information(counts), 1e-13);
}

// The other way to write it: what an expert's classes diverge from those of the whole set.
TEST(MutualInformation, is_the_mean_divergence_of_the_experts_classes_from_all) {
  const Tensor joint_CE = uneven_counts().narrow(1, 0, 3).to(at::kDouble) / uneven_counts().sum();
  const Tensor usage_E = joint_CE.sum(0), class_C1 = joint_CE.sum(1, /*keepdim=*/true);
  const Tensor given_CE = joint_CE / usage_E;
  const Tensor divergence_E =
      (at::special_xlogy(given_CE, given_CE / class_C1)).sum(0) / std::log(2.);
  EXPECT_GE(divergence_E.min().item<double>(), 0);
  EXPECT_NEAR((usage_E * divergence_E).sum().item<double>(), mutual_information(uneven_counts()),
              1e-13);
}

TEST(SpecialisationIndex, moves_with_the_expert_when_experts_change_places) {
  const Tensor there = specialisation_index(uneven_counts().flip(1)).flip(0).narrow(0, 0, 3);
  EXPECT_TRUE(at::equal(there, specialisation_index(uneven_counts()).narrow(0, 0, 3)));
}

TEST(SpecialisationIndex, refuses_a_table_of_zeros) {
  EXPECT_EQ(testing::thrown<UserError>([] {
              specialisation_index(at::zeros({2, 2}, at::kLong));
            }),
            "specialisation index: no counts; expected at least one sample");
}

}  // namespace
}  // namespace moestro
