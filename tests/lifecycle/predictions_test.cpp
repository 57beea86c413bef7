#include "moestro/lifecycle/predictions.h"

#include <cmath>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "moestro/store/safetensors.h"
#include "store/expect_error.h"
#include "store/temporary_folder.h"
#include "thrown.h"

namespace moestro {
namespace {

using testing::get;

Evaluation three_rows() {
  Evaluation evaluation;
  evaluation.mixed_NC = at::tensor({.5, .25, .25, .25, .5, .25, .125, .125, .75})
                            .reshape({3, 3})
                            .to(at::kFloat)
                            .log();
  evaluation.predicted_N = at::tensor({0, 1, 2}, at::kLong);
  evaluation.probs_NE = at::tensor({.25, .75, 1., 0., .5, .5}).reshape({3, 2}).to(at::kFloat);
  return evaluation;
}

DataRecord three_classes() {
  DataRecord data;
  data.classes = 3;
  data.class_names = {"plain", "with, comma", "a \"quoted\"\nword"};
  return data;
}

TEST(Predictions, csv_has_a_line_a_row_and_quotes_what_csv_must_quote) {
  const testing::TemporaryFolder folder;
  write_predictions(folder / "out.csv", three_rows(), three_classes());
  EXPECT_EQ(get(folder / "out.csv"),
            "row,prediction,probability,expert,gate\n"
            "0,plain,0.5,1,0.75\n"
            "1,\"with, comma\",0.5,0,1\n"
            "2,\"a \"\"quoted\"\"\nword\",0.75,0,0.5\n");
}

TEST(Predictions, csv_of_values_has_no_probability_of_classes) {
  const testing::TemporaryFolder folder;
  Evaluation evaluation = three_rows();
  evaluation.mixed_NC = at::tensor({1.5, -2., 250000.25}).reshape({3, 1}).to(at::kFloat);
  evaluation.predicted_N = evaluation.mixed_NC.squeeze(1);
  write_predictions(folder / "out.csv", evaluation, {});
  EXPECT_EQ(get(folder / "out.csv"),
            "row,prediction,expert,gate\n0,1.5,1,0.75\n1,-2,0,1\n2,250000.25,0,0.5\n");
}

TEST(Predictions, safetensors_holds_all_probabilities_and_the_gate) {
  const testing::TemporaryFolder folder;
  const Evaluation evaluation = three_rows();
  write_predictions(folder / "out.safetensors", evaluation, three_classes());
  const SafetensorsFile file(folder / "out.safetensors");
  EXPECT_TRUE(at::equal(file.tensor("predicted"), evaluation.predicted_N));
  EXPECT_TRUE(at::equal(file.tensor("gate"), evaluation.probs_NE));
  EXPECT_TRUE(at::allclose(file.tensor("probabilities").sum(1), at::ones({3})));
  EXPECT_NEAR(file.tensor("probabilities")[2][2].item<double>(), .75, 1e-6);
}

TEST(Predictions, safetensors_of_values_holds_no_probabilities) {
  const testing::TemporaryFolder folder;
  Evaluation evaluation = three_rows();
  evaluation.mixed_NC = at::ones({3, 1});
  evaluation.predicted_N = evaluation.mixed_NC.squeeze(1);
  write_predictions(folder / "out.safetensors", evaluation, {});
  EXPECT_EQ(SafetensorsFile(folder / "out.safetensors").names(),
            (std::vector<std::string>{"predicted", "gate"}));
}

TEST(Predictions, another_ending_is_refused_and_nothing_written) {
  const testing::TemporaryFolder folder;
  const std::string message = testing::thrown<UserError>(
      [&] { write_predictions(folder / "out.txt", three_rows(), three_classes()); });
  EXPECT_TRUE(testing::ends_with(
      message, "unknown kind of file; expected a name that ends in .csv or .safetensors"));
  EXPECT_EQ(folder.entries(), 0u);
}

TEST(Predictions, of_a_model_without_a_gate_name_no_expert) {
  const testing::TemporaryFolder folder;
  Evaluation evaluation = three_rows();
  evaluation.probs_NE = Tensor();
  write_predictions(folder / "out.csv", evaluation, three_classes());
  EXPECT_TRUE(testing::starts_with(get(folder / "out.csv"),
                                   "row,prediction,probability\n0,plain,0.5\n1,\"with, comma\","));
  write_predictions(folder / "out.safetensors", evaluation, three_classes());
  EXPECT_EQ(SafetensorsFile(folder / "out.safetensors").names(),
            (std::vector<std::string>{"predicted", "probabilities"}));
}

TEST(Predictions, translations_are_a_line_each) {
  const testing::TemporaryFolder folder;
  write_translations(folder / "out.txt", {"ein Mann", "", "zwei\nZeilen\r\nund mehr"});
  EXPECT_EQ(get(folder / "out.txt"), "ein Mann\n\nzwei Zeilen  und mehr\n");
}

TEST(Predictions, translations_and_answers_have_endings_of_their_own) {
  for (const char* name : {"out.csv", "out.safetensors"}) {
    EXPECT_NO_THROW(check_predictions_name(name));
    EXPECT_TRUE(testing::ends_with(
        testing::thrown<UserError>([&] { check_predictions_name(name, /*translations=*/true); }),
        ": unknown kind of file; expected a name that ends in .txt, for translations"));
  }
  EXPECT_NO_THROW(check_predictions_name("out.txt", /*translations=*/true));
  EXPECT_TRUE(
      testing::ends_with(testing::thrown<UserError>([&] { check_predictions_name("out.txt"); }),
                         "expected a name that ends in .csv or .safetensors"));
}

}  // namespace
}  // namespace moestro
