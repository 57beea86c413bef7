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

TEST(Inspection, counts_classes_by_the_most_probable_expert) {
  const nlohmann::json json =
      inspect(four_classified_rows(), labelled({0, 0, 1, 1}), "test").to_json();
  EXPECT_EQ(json["class_by_expert"],
            (std::vector<std::vector<int64_t>>{{2, 0, 0}, {1, 1, 0}, {0, 0, 0}}));
  EXPECT_EQ(json["usage"], (std::vector<double>{.75, .25, 0}));
  EXPECT_NEAR(json["importance"][2].get<double>(), .025, 1e-7);
  EXPECT_EQ(json["set"], "test");
  EXPECT_EQ(json["rows"], 4);
  EXPECT_EQ(json["experts"], 3);
}

TEST(Inspection, expert_owns_the_classes_most_of_whose_samples_it_gets) {
  const Inspection inspection = inspect(four_classified_rows(), labelled({0, 0, 0, 1}), "test");
  const std::vector<std::vector<std::string>> owns = {{"ape"}, {"bee"}, {}};
  EXPECT_EQ(inspection.owns, owns);  // no samples of cats: nobody's
}

TEST(Inspection, accuracy_is_of_all_samples_and_own_accuracy_of_the_experts_own) {
  const nlohmann::json json =
      inspect(four_classified_rows(), labelled({0, 0, 1, 1}), "test").to_json();
  EXPECT_EQ(json["accuracy"], (std::vector<double>{.75, .75, 0}));
  EXPECT_EQ(json["own_accuracy"][0], 1.);
  EXPECT_EQ(json["own_accuracy"][1], 1.);
  EXPECT_TRUE(json["own_accuracy"][2].is_null());  // has no samples
}

TEST(Inspection, samples_are_the_experts_own_with_classes_as_whole_numbers) {
  const nlohmann::json json =
      inspect(four_classified_rows(), labelled({0, 0, 1, 1}), "test").to_json();
  ASSERT_EQ(json["samples"].size(), 3u);
  EXPECT_EQ(json["samples"][0].size(), 3u);
  EXPECT_EQ(json["samples"][1].size(), 1u);
  EXPECT_TRUE(json["samples"][2].empty());
  const nlohmann::json& sample = json["samples"][0][2];
  EXPECT_EQ(sample["row"], 2);
  EXPECT_EQ(sample["label"].dump(), "1");
  EXPECT_EQ(sample["predicted"].dump(), "0");
  EXPECT_NEAR(sample["probability"].get<double>(), .7, 1e-6);
}

TEST(Inspection, of_many_samples_a_few_are_spread_over_the_set) {
  Evaluation evaluation;
  evaluation.probs_NE = at::ones({100, 1});
  evaluation.experts_NK = at::zeros({100, 1}, at::kLong);
  evaluation.weights_NK = at::ones({100, 1});
  evaluation.predicted_N = at::zeros({100}, at::kLong);
  evaluation.expert_predicted_NE = at::zeros({100, 1}, at::kLong);
  const Inspection inspection = inspect(evaluation, labelled(std::vector<int64_t>(100, 0)), "test");
  ASSERT_EQ(inspection.samples[0].size(), 12u);
  EXPECT_EQ(inspection.samples[0].front().row, 0);
  EXPECT_EQ(inspection.samples[0].back().row, 91);  // 11 x 100 / 12
}

TEST(Inspection, regression_has_root_mean_squared_errors_and_no_classes) {
  Evaluation evaluation = four_rows();
  evaluation.predicted_N = at::tensor({1., 2., 3., 4.}).to(at::kFloat);
  evaluation.expert_predicted_NE =
      at::tensor({1., 1., 1., 2., 2., 2., 3., 3., 3., 8., 7., 4.}).reshape({4, 3}).to(at::kFloat);
  Dataset data;
  data.inputs = at::zeros({4, 2});
  data.targets_N = at::tensor({1., 2., 5., 4.}).to(at::kFloat);
  const nlohmann::json json = inspect(evaluation, data, "test").to_json();
  EXPECT_FALSE(json.contains("classes"));
  EXPECT_FALSE(json.contains("class_by_expert"));
  EXPECT_DOUBLE_EQ(json["accuracy"][0].get<double>(), std::sqrt((4. + 16) / 4));
  EXPECT_DOUBLE_EQ(json["own_accuracy"][0].get<double>(), std::sqrt(4. / 3));
  EXPECT_DOUBLE_EQ(json["own_accuracy"][1].get<double>(), 3);
  EXPECT_TRUE(json["own_accuracy"][2].is_null());
  EXPECT_EQ(json["samples"][1][0]["label"], 4.);
}

TEST(Inspection, pixels_are_kept_of_images_only) {
  Dataset data = labelled({0, 0, 1, 1});
  const Inspection inspection = inspect(four_classified_rows(), data, "test");
  EXPECT_TRUE(sample_pixels(inspection, data).empty());
  data.inputs = at::arange(4 * 6).reshape({4, 1, 2, 3}).to(at::kByte);
  const NamedTensors pixels = sample_pixels(inspection, data);
  ASSERT_EQ(pixels.size(), 3u);
  EXPECT_EQ(pixels[1].first, "expert_1");
  EXPECT_TRUE(at::equal(pixels[1].second, data.inputs.narrow(0, 3, 1)));
  EXPECT_EQ(pixels[2].second.sizes(), (std::vector<int64_t>{0, 1, 2, 3}));
}

}  // namespace
}  // namespace moestro
