#include "moestro/lifecycle/expert_probing.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace moestro {
namespace {

const Tensor kOwner = at::tensor({0, 0, 1}, at::kLong);

Evaluation answers(const Tensor& expert_predicted_NE) {
  Evaluation evaluation;
  evaluation.expert_predicted_NE = expert_predicted_NE;
  evaluation.disagreement = 3;
  evaluation.output_square = 5;
  return evaluation;
}

TEST(ExpertProbing, of_classes_has_lists_and_totals) {
  Dataset data;
  data.classes = 2;
  data.targets_N = at::tensor({0, 0, 1}, at::kLong);
  const Tensor predicted = at::tensor({0, 1, 1, 1, 1, 1}, at::kLong).view({3, 2});
  const ExpertProbing probing = probe_experts(answers(predicted), data, kOwner);
  const nlohmann::json totals = {{"own_error", 1. / 3},    {"others_error", 2. / 3},
                                 {"all_error", .5},        {"routing_accuracy", 1},
                                 {"oracle_error", 1. / 3}, {"agreement", 2. / 3},
                                 {"disagreement", 3},      {"output_square", 5}};
  EXPECT_EQ(nlohmann::json(probing.totals_json()), totals);
  nlohmann::json json = probing.to_json();
  EXPECT_EQ(json["own"], (std::vector<double>{.5, 0}));
  EXPECT_EQ(json["others"], (std::vector<double>{0, 1}));
  EXPECT_NEAR(json["share"][0].get<double>(), 2. / 3, 1e-15);
  EXPECT_EQ(json["all"].size(), 2u);
  for (const char* list : {"share", "own", "others", "all"}) json.erase(list);
  EXPECT_EQ(json, totals);
}

TEST(ExpertProbing, of_values_has_neither_routing_accuracy_nor_agreement) {
  Dataset data;
  data.targets_N = at::tensor({1., 2., 3.}).to(at::kFloat);
  const Tensor predicted = at::tensor({1., 5., 2., 6., 3., 3.}).to(at::kFloat).view({3, 2});
  const nlohmann::json json = probe_experts(answers(predicted), data, kOwner).totals_json();
  EXPECT_EQ(json["own_error"], 0.);
  EXPECT_NEAR(json["others_error"].get<double>(), std::sqrt(32. / 3), 1e-14);
  EXPECT_EQ(json.size(), 6u);
}

TEST(ExpertProbing, says_null_where_there_is_no_row) {
  Dataset data;
  data.classes = 2;
  data.targets_N = at::zeros({3}, at::kLong);
  const ExpertProbing probing =
      probe_experts(answers(at::ones({3, 2}, at::kLong)), data, at::zeros({3}, at::kLong));
  const nlohmann::json json = probing.to_json();
  EXPECT_TRUE(json["own"][1].is_null());
  EXPECT_TRUE(json["others"][0].is_null());
  EXPECT_TRUE(json["routing_accuracy"].is_null());  // nobody is right
}

}  // namespace
}  // namespace moestro
