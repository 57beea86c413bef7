#include "moestro/lifecycle/summary.h"

#include <cmath>

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace moestro {
namespace {

// Two sure experts, each with its own class; the second row is answered wrongly.
Evaluation two_rows() {
  Evaluation evaluation;
  evaluation.mixed_NC = at::tensor({.75, .25, .5, .5}).reshape({2, 2}).to(at::kFloat).log();
  evaluation.predicted_N = at::tensor({0, 0}, at::kLong);
  evaluation.probs_NE = at::eye(2);
  evaluation.expert_predicted_NE = at::tensor({0, 1, 0, 1}, at::kLong).reshape({2, 2});
  evaluation.disagreement = 1.5;
  evaluation.output_square = 4.5;
  return evaluation;
}

Dataset two_labels() {
  Dataset data;
  data.inputs = at::zeros({2, 1});
  data.targets_N = at::tensor({0, 1}, at::kLong);
  data.classes = 2;
  data.class_names = {"ape", "bee"};
  return data;
}

TEST(Figures, of_classes_have_closed_forms) {
  const Figures f = figures(two_rows(), two_labels());
  EXPECT_DOUBLE_EQ(f.test.error, .5);
  EXPECT_NEAR(f.test.loss, -(std::log(.75) + std::log(.5)) / 2, 1e-6);
  EXPECT_DOUBLE_EQ(f.hard_top1_error.value(), 0);  // each row's own expert is right
  ASSERT_TRUE(f.specialisation);
  EXPECT_DOUBLE_EQ(f.specialisation->mutual_information, 1);
  EXPECT_DOUBLE_EQ(f.specialisation->sample_entropy, 0);
  EXPECT_DOUBLE_EQ(f.specialisation->usage_entropy, 1);
  EXPECT_EQ(f.specialisation->experts_used, 2);
}

TEST(Figures, say_what_each_expert_knows_alone) {
  const nlohmann::json json = figures(two_rows(), two_labels()).to_json();
  EXPECT_EQ(json["probing"], (nlohmann::json{{"own_error", 0},
                                             {"others_error", 1},
                                             {"all_error", .5},
                                             {"routing_accuracy", 1},
                                             {"oracle_error", 0},
                                             {"agreement", 0},
                                             {"disagreement", 1.5},
                                             {"output_square", 4.5}}));
}

TEST(Figures, of_one_expert_have_no_specialisation_and_nothing_to_probe) {
  Evaluation evaluation = two_rows();
  evaluation.probs_NE = at::ones({2, 1});
  evaluation.expert_predicted_NE = evaluation.predicted_N.unsqueeze(1);
  const nlohmann::json json = figures(evaluation, two_labels()).to_json();
  EXPECT_FALSE(json.contains("specialisation"));
  EXPECT_FALSE(json.contains("probing"));
  EXPECT_EQ(json["hard_top1_error"], .5);
}

TEST(Figures, of_values_leave_out_what_only_classes_have) {
  Evaluation evaluation = two_rows();
  evaluation.mixed_NC = at::tensor({1., 2.}).reshape({2, 1}).to(at::kFloat);
  evaluation.predicted_N = evaluation.mixed_NC.squeeze(1);
  evaluation.expert_predicted_NE = at::ones({2, 2});
  Dataset data;
  data.inputs = at::zeros({2, 1});
  data.targets_N = at::tensor({4., 6.}).to(at::kFloat);
  const nlohmann::json json = figures(evaluation, data).to_json();
  EXPECT_DOUBLE_EQ(json["test"]["error"].get<double>(), std::sqrt((9. + 16) / 2));
  EXPECT_FALSE(json.contains("hard_top1_error"));
  EXPECT_FALSE(json.contains("calibration_error"));
  EXPECT_EQ(json["specialisation"].size(), 3u);  // entropies and experts used
  EXPECT_DOUBLE_EQ(json["probing"]["own_error"].get<double>(), std::sqrt((9. + 25) / 2));
  EXPECT_FALSE(json["probing"].contains("agreement"));
}

TEST(Summary, valid_is_left_out_where_nothing_was_held_out) {
  Summary summary;
  summary.name = "x";
  summary.figures = figures(two_rows(), two_labels());
  EXPECT_FALSE(summary.to_json().contains("valid"));
  summary.valid = Scores{.loss = 1, .error = .25};
  EXPECT_EQ(summary.to_json()["valid"], (nlohmann::json{{"loss", 1.}, {"error", .25}}));
  EXPECT_EQ(summary.to_json()["schema"], 1);
}

TEST(Figures, of_translations_are_bleu_and_its_distance_from_one) {
  Dataset data;
  data.target_texts = {"ein Mann geht die Straße entlang", "zwei Hunde Spielen im Schnee heute"};
  const Figures right = figures_of_translations(data.target_texts, data, 1.5);
  EXPECT_NEAR(right.bleu.value(), 100, 1e-9);
  EXPECT_NEAR(right.test.error, 0, 1e-11);
  EXPECT_EQ(right.test.loss, 1.5);
  const std::vector<std::string> small = {"ein mann geht die straße entlang",
                                          "zwei hunde spielen im schnee heute"};
  const nlohmann::json json = figures_of_translations(small, data, 1.5).to_json();
  EXPECT_LT(json["bleu"].get<double>(), 50);
  EXPECT_NEAR(json["bleu_lowercase"].get<double>(), 100, 1e-9);
  EXPECT_DOUBLE_EQ(json["test"]["error"].get<double>(), 1 - json["bleu"].get<double>() / 100);
  EXPECT_EQ(json.size(), 3u);
}

TEST(Figures, of_classes_without_a_gate_leave_out_what_only_mixtures_have) {
  Evaluation evaluation = two_rows();
  evaluation.probs_NE = evaluation.expert_predicted_NE = Tensor();
  const nlohmann::json json = figures(evaluation, two_labels()).to_json();
  EXPECT_EQ(json["test"]["error"], .5);
  EXPECT_TRUE(json.contains("calibration_error"));
  EXPECT_EQ(json.size(), 2u);
}

}  // namespace
}  // namespace moestro
