#include "moestro/lifecycle/inspection.h"

#include <cmath>

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace moestro {
namespace {

// Four rows, three experts: expert 0 owns rows 0 to 2, expert 1 owns row 3, nobody chooses
// expert 2.
Evaluation four_rows() {
  Evaluation evaluation;
  evaluation.probs_NE =
      at::tensor({.8, .2, 0., .6, .4, 0., .7, .2, .1, .25, .75, 0.}).reshape({4, 3}).to(at::kFloat);
  evaluation.experts_NK = at::arange(3).expand({4, 3});
  evaluation.weights_NK = evaluation.probs_NE;
  return evaluation;
}

Evaluation four_classified_rows() {
  Evaluation evaluation = four_rows();
  evaluation.predicted_N = at::tensor({0, 0, 0, 1}, at::kLong);
  evaluation.expert_predicted_NE =
      at::tensor({0, 1, 2, 0, 0, 2, 1, 1, 2, 0, 1, 2}, at::kLong).reshape({4, 3});
  return evaluation;
}

Dataset labelled(std::vector<int64_t> labels) {
  Dataset data;
  data.targets_N = at::tensor(labels, at::kLong);
  data.inputs = at::zeros({data.targets_N.size(0), 2});
  data.classes = 3;
  data.class_names = {"ape", "bee", "cat"};
  return data;
}

Inspection inspected(const Evaluation& evaluation, const Dataset& data) {
  return inspect(evaluation, data, Normaliser::fit(data), "test");
}

TEST(Inspection, counts_classes_by_the_most_probable_expert) {
  const nlohmann::json json = inspected(four_classified_rows(), labelled({0, 0, 1, 1})).to_json();
  EXPECT_EQ(json["class_by_expert"],
            (std::vector<std::vector<int64_t>>{{2, 0, 0}, {1, 1, 0}, {0, 0, 0}}));
  EXPECT_EQ(json["usage"], (std::vector<double>{.75, .25, 0}));
  EXPECT_NEAR(json["importance"][2].get<double>(), .025, 1e-7);
  EXPECT_EQ(json["set"], "test");
  EXPECT_EQ(json["rows"], 4);
  EXPECT_EQ(json["experts"], 3);
}

TEST(Inspection, expert_owns_the_classes_most_of_whose_samples_it_gets) {
  const nlohmann::json json = inspected(four_classified_rows(), labelled({0, 0, 0, 1})).to_json();
  const std::vector<std::vector<std::string>> owns = {{"ape"}, {"bee"}, {}};
  EXPECT_EQ(json["owns"], owns);  // no samples of cats: nobody's
}

TEST(Inspection, accuracy_is_of_all_samples_and_own_accuracy_of_the_experts_own) {
  const nlohmann::json json = inspected(four_classified_rows(), labelled({0, 0, 1, 1})).to_json();
  EXPECT_EQ(json["accuracy"], (std::vector<double>{.75, .75, 0}));
  EXPECT_EQ(json["own_accuracy"][0], 1.);
  EXPECT_EQ(json["own_accuracy"][1], 1.);
  EXPECT_TRUE(json["own_accuracy"][2].is_null());  // has no samples
}

TEST(Inspection, says_how_narrow_the_part_of_each_expert_is) {
  const nlohmann::json json = inspected(four_classified_rows(), labelled({0, 0, 1, 1})).to_json();
  const double mixed = -(std::log2(1. / 3) / 3 + 2 * std::log2(2. / 3) / 3);  // of one bit
  EXPECT_NEAR(json["specialisation"][0].get<double>(), 1 - mixed, 1e-14);
  EXPECT_EQ(json["specialisation"][1], 1.);
  EXPECT_TRUE(json["specialisation"][2].is_null());  // has no samples
}

TEST(Inspection, says_who_would_have_been_right) {
  const nlohmann::json json = inspected(four_classified_rows(), labelled({0, 1, 1, 1})).to_json();
  EXPECT_NEAR(json["right"][0][0].get<double>(), 2. / 3, 1e-14);  // not about row 1
  EXPECT_NEAR(json["right"][0][1].get<double>(), 1. / 3, 1e-14);
  EXPECT_EQ(json["right"][1], (std::vector<double>{0, 1, 0}));
  EXPECT_TRUE(json["right"][2][0].is_null());
  EXPECT_EQ(json["mistaken_owner"],
            (std::vector<std::vector<int64_t>>{{0, 0, 0}, {0, 0, 0}, {0, 0, 0}}));
  EXPECT_EQ(json["mixture_accuracy"], .5);  // wrong about rows 1 and 2
  EXPECT_EQ(json["owner_accuracy"], .75);
  EXPECT_EQ(json["oracle_accuracy"], .75);
  EXPECT_EQ(json["rescuable_errors"], .5);  // row 2
}

TEST(Inspection, says_what_each_expert_knows_alone) {
  const nlohmann::json json = inspected(four_classified_rows(), labelled({0, 1, 1, 1})).to_json();
  const nlohmann::json& probing = json["probing"];
  EXPECT_EQ(probing["share"], json["usage"]);
  EXPECT_NEAR(probing["own"][0].get<double>(), 1. / 3, 1e-14);
  EXPECT_NEAR(probing["others"][1].get<double>(), 2. / 3, 1e-14);
  EXPECT_TRUE(probing["own"][2].is_null());  // has no samples
  EXPECT_EQ(probing["all"], (std::vector<double>{.5, .5, 1}));
  EXPECT_EQ(probing["own_error"], 1 - json["owner_accuracy"].get<double>());
  EXPECT_EQ(probing["oracle_error"], 1 - json["oracle_accuracy"].get<double>());
  EXPECT_EQ(probing["routing_accuracy"], 1.);
}

TEST(Inspection, of_a_mixture_without_errors_has_none_to_rescue) {
  const nlohmann::json json = inspected(four_classified_rows(), labelled({0, 0, 0, 1})).to_json();
  EXPECT_EQ(json["mixture_accuracy"], 1.);
  EXPECT_TRUE(json["rescuable_errors"].is_null());
}

TEST(Inspection, keeps_the_owner_of_every_row_but_not_in_json) {
  const Inspection inspection = inspected(four_classified_rows(), labelled({0, 0, 1, 1}));
  EXPECT_TRUE(at::equal(inspection.owner_N, at::tensor({0, 0, 0, 1}, at::kLong)));
  EXPECT_FALSE(inspection.to_json().contains("owners"));
}

TEST(Inspection, samples_are_the_experts_own_with_classes_as_whole_numbers) {
  const nlohmann::json json = inspected(four_classified_rows(), labelled({0, 0, 1, 1})).to_json();
  EXPECT_EQ(json["schema"], 2);
  ASSERT_EQ(json["samples"].size(), 3u);
  EXPECT_EQ(json["samples"][0]["most_typical"].size(), 2u);
  EXPECT_EQ(json["samples"][0]["least_typical"].size(), 1u);
  EXPECT_EQ(json["samples"][1]["most_typical"].size(), 1u);
  EXPECT_TRUE(json["samples"][2]["most_typical"].empty());
  const nlohmann::json& sample = json["samples"][0]["most_typical"][1];
  EXPECT_EQ(sample["row"], 2);
  EXPECT_EQ(sample["label"].dump(), "1");
  EXPECT_EQ(sample["predicted"].dump(), "0");
  EXPECT_NEAR(sample["probability"].get<double>(), .7, 1e-6);
}

TEST(Inspection, regression_has_root_mean_squared_errors_and_no_classes) {
  Evaluation evaluation = four_rows();
  evaluation.predicted_N = at::tensor({1., 2., 3., 4.}).to(at::kFloat);
  evaluation.expert_predicted_NE =
      at::tensor({1., 1., 1., 2., 2., 2., 3., 3., 3., 8., 7., 4.}).reshape({4, 3}).to(at::kFloat);
  Dataset data;
  data.inputs = at::zeros({4, 2});
  data.targets_N = at::tensor({1., 2., 5., 4.}).to(at::kFloat);
  const nlohmann::json json = inspected(evaluation, data).to_json();
  EXPECT_FALSE(json.contains("classes"));
  for (const char* key :
       {"class_by_expert", "owns", "specialisation", "right", "mistaken_owner", "mixture_accuracy",
        "owner_accuracy", "oracle_accuracy", "rescuable_errors"})
    EXPECT_FALSE(json.contains(key)) << key;
  EXPECT_DOUBLE_EQ(json["accuracy"][0].get<double>(), std::sqrt((4. + 16) / 4));
  EXPECT_DOUBLE_EQ(json["own_accuracy"][0].get<double>(), std::sqrt(4. / 3));
  EXPECT_DOUBLE_EQ(json["own_accuracy"][1].get<double>(), 3);
  EXPECT_TRUE(json["own_accuracy"][2].is_null());
  EXPECT_EQ(json["samples"][1]["most_typical"][0]["label"], 4.);
}

TEST(Inspection, maps_the_inputs_and_probes_of_several_experts_only) {
  Dataset data = labelled({0, 0, 1, 1});
  EXPECT_FALSE(inspected(four_classified_rows(), data).to_json().contains("map"));  // all alike
  data.inputs = at::tensor({0., 1., 2., 0., 4., 1., 6., 2.}).reshape({4, 2}).to(at::kFloat);
  const nlohmann::json map = inspected(four_classified_rows(), data).to_json()["map"];
  EXPECT_EQ(map["expert"], (std::vector<int64_t>{0, 0, 0, 1}));
  EXPECT_EQ(map["x"].size(), 4u);
  Evaluation alone = four_classified_rows();
  for (Tensor* part :
       {&alone.probs_NE, &alone.experts_NK, &alone.weights_NK, &alone.expert_predicted_NE})
    *part = part->narrow(1, 0, 1);
  EXPECT_FALSE(inspected(alone, data).to_json().contains("map"));
  EXPECT_FALSE(inspected(alone, data).to_json().contains("probing"));
}

}  // namespace
}  // namespace moestro
