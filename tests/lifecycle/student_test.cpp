// Dense students that are folded from trained mixtures.
#include "lifecycle/student_fixture.h"
#include "moestro/core/error.h"
#include "moestro/lifecycle/trained_run.h"
#include "moestro/store/run_folder.h"
#include "store/expect_error.h"
#include "thrown.h"

namespace moestro::testing {
namespace {

namespace fs = std::filesystem;

using StudentTest = Students<RunTest>;

TEST_F(StudentTest, one_expert_alone_is_that_expert) {
  train_mixture({"expert.count=3"});
  fold("best", {"student.fit=none"});
  const int64_t expert = student()["layers"][0]["experts"][0];
  for (const auto& [name, tensor] : last_weights())
    if (name.starts_with("experts.")) {
      EXPECT_TRUE(at::equal(tensor[0], mixture_.at(name)[expert])) << name;
    }
}

TEST_F(StudentTest, every_way_of_gathering_leaves_a_run_that_answers) {
  train_mixture();
  for (const char* gather : {"sum", "average", "topk", "svd", "concat", "best", "random_expert"})
    for (const char* fit : {"none", "scale", "linear"}) {
      fold(gather, {fmt::format("student.fit={}", fit)});
      EXPECT_EQ(student()["gather"], gather);
      EXPECT_EQ(student()["folded"]["rows"], "validation");
      EXPECT_EQ(student()["folded"]["student"]["error"], json("summary.json")["valid"]["error"]);
      EXPECT_EQ(student()["layers"][0].contains("residual"), std::string(fit) != "none") << gather;
      const TrainedRun run(run_);
      EXPECT_EQ(run.model().mixture_names().front().experts, 1);
      EXPECT_EQ(run.evaluate(run.rows("", "", Targets::required)).mixed_NC.size(0), 60);
    }
}

TEST_F(StudentTest, fitting_the_output_layer_leaves_less_than_a_scale) {
  train_mixture();
  fold("topk", {"student.fit=scale"});
  const double scaled = student()["layers"][0]["residual"];
  fold("topk", {"student.fit=linear"});
  EXPECT_LT(student()["layers"][0]["residual"].get<double>(), scaled);
}

TEST_F(StudentTest, says_what_was_kept_of_every_expert) {
  train_mixture({"expert.count=3"});
  fold("topk");
  EXPECT_EQ(student()["teacher_experts"], 3);
  const nlohmann::json hidden = student()["layers"][0]["hidden"][0];
  EXPECT_EQ(hidden["units"], (std::vector<int>{2, 2, 2}));
  for (const double share : hidden["strength"]) {
    EXPECT_GT(share, 2. / 6 - 1e-9);
    EXPECT_LT(share, 1);
  }
  fold("svd", {"student.align=true"});
  EXPECT_EQ(student()["layers"][0]["matrices"][0]["tensor"], "0.weight");
  const nlohmann::json alignment = student()["layers"][0]["alignment"][0];
  EXPECT_GE(alignment["after"].get<double>(), alignment["before"].get<double>());
  EXPECT_GE(alignment["bound"].get<double>(), alignment["after"].get<double>() - 1e-6);
}

TEST_F(StudentTest, concat_is_as_many_experts_wide_as_answer_for_a_row) {
  train_mixture({"expert.count=3", "gate.kind=noisy_topk", "gate.k=2"});
  fold("concat");
  EXPECT_EQ(last_weights().at("experts.0.weight").sizes(), (Shape{1, 4, 12}));
  densify({.gather = "concat", .width = "9"}, {"train.epochs=0"});
  EXPECT_EQ(last_weights().at("experts.0.weight").size(2), 9);
}

TEST_F(StudentTest, of_layers_written_in_any_way_has_their_width) {
  train_mixture({"expert.layers=[\" linear  bias=true 6\", \"relu\", \"linear classes\"]",
                 "gate.kind=noisy_topk", "gate.k=2"});
  fold("topk");
  EXPECT_EQ(last_weights().at("experts.0.weight").size(2), 6);
  fold("concat");
  EXPECT_EQ(last_weights().at("experts.0.weight").size(2), 12);
  fold("topk", {"expert.layers=[\"linear 5\", \"relu\", \"linear classes bias=true\"]"});
  EXPECT_EQ(last_weights().at("experts.0.weight").size(2), 5);
}

TEST_F(StudentTest, concat_widens_hidden_layers_that_are_as_wide_as_there_are_classes) {
  train_mixture({"expert.layers=[\"linear classes\", \"relu\", \"linear classes\"]"});
  fold("concat");
  EXPECT_EQ(last_weights().at("experts.0.weight").size(2), 4);
}

TEST_F(StudentTest, concat_of_a_switch_mixture_is_one_expert_wide) {
  train_mixture({"expert.count=3", "gate.kind=switch"});
  fold("concat");
  EXPECT_EQ(last_weights().at("experts.0.weight").size(2), 6);
}

TEST_F(StudentTest, distillation_brings_the_student_close_to_its_teacher) {
  train_mixture({"train.epochs=20"});
  densify({.gather = "topk", .distillation = 1, .temperature = 2}, {"train.epochs=30"});
  const nlohmann::json summary = json("summary.json");
  EXPECT_LT(summary["test"]["error"].get<double>(), .1);
  EXPECT_LT(summary["test"]["error"].get<double>(), student()["folded"]["student"]["error"]);
  EXPECT_TRUE(student().contains("teacher_seconds"));
}

TEST_F(StudentTest, running_statistics_are_estimated_anew) {
  train_mixture({"expert.layers=[\"linear 6\", \"batchnorm\", \"relu\", \"linear classes\"]"});
  fold("average");
  const Tensor mean = last_weights().at("experts.1.running_mean");
  EXPECT_FALSE(at::allclose(mean[0], mixture_.at("experts.1.running_mean").mean(0)));
  fold("random_expert");
  const int64_t expert = student()["layers"][0]["experts"][0];
  EXPECT_TRUE(at::equal(last_weights().at("experts.1.running_mean")[0],
                        mixture_.at("experts.1.running_mean")[expert]));
}

TEST_F(StudentTest, of_values_learns_from_the_teachers_values) {
  write_houses();
  Settings houses = houses_settings();
  houses.push_back("train.epochs=10");
  train_mixture(houses);
  densify({.gather = "average"}, {"train.epochs=20", "student.fit=none"});
  EXPECT_EQ(json("summary.json")["student"]["folded"]["rows"], "validation");
  EXPECT_LT(test_error(), student()["folded"]["student"]["error"]);
}

TEST_F(StudentTest, without_validation_rows_is_judged_on_calibration_rows) {
  train_mixture({"data.validation=0"});
  fold("topk");
  EXPECT_EQ(student()["folded"]["rows"], "calibration");
}

TEST_F(StudentTest, refuses_a_run_that_is_no_mixture) {
  train_mixture({"expert.count=1", "gate.kind=fixed", "gate.layers=", "loss.importance="});
  EXPECT_EQ(thrown<UserError>([&] { fold("topk"); }),
            teacher().string() + ": no mixture; expected a run with expert.count above 1");
  EXPECT_FALSE(fs::exists(run_));
}

TEST_F(StudentTest, refuses_a_width_that_cannot_be) {
  train_mixture();
  const auto refusal = [&](const DensifyOptions& options) {
    return thrown<UserError>([&] { densify(options, {"train.epochs=0"}); });
  };
  EXPECT_EQ(refusal({.width = "0"}),
            "--student \"0\"; expected \"expert\" or a width of at least 1");
  EXPECT_EQ(refusal({.width = "wide"}),
            "--student \"wide\"; expected \"expert\" or a width of at least 1");
  const std::string where =
      fmt::format("moestro densify: student.teacher = \"{}\": ", teacher().string());
  EXPECT_EQ(refusal({.gather = "topk", .width = "13"}),
            where + "a width of 13; expected 1 to 12, the 6 units of each of 2 experts");
  EXPECT_EQ(refusal({.gather = "average", .width = "5"}),
            where + "hidden layer 0 of the student is 5 wide; adding tensors takes 6");
  EXPECT_FALSE(fs::exists(run_));
}

TEST_F(StudentTest, of_values_may_be_as_wide_as_all_experts) {
  write_houses();
  train_mixture(houses_settings());
  fold("concat");
  EXPECT_EQ(last_weights().at("experts.0.weight").size(2), 12);
  densify({.gather = "topk", .width = "9"}, {"train.epochs=0"});
  EXPECT_EQ(last_weights().at("experts.0.weight").size(2), 9);
}

TEST_F(StudentTest, a_fitted_student_is_nearer_to_its_teachers_loss) {
  train_mixture();
  const auto loss_beside_teacher = [&](const char* fit) {
    fold("topk", {fmt::format("student.fit={}", fit)});
    return std::abs(student()["folded"]["student"]["loss"].get<double>() -
                    student()["folded"]["teacher"]["loss"].get<double>());
  };
  EXPECT_LT(loss_beside_teacher("linear"), loss_beside_teacher("none"));
}

TEST_F(StudentTest, a_linear_fit_needs_the_last_hidden_layer_before_the_output) {
  train_mixture({"expert.layers=[\"linear 6\", \"relu\", \"batchnorm\", \"linear classes\"]"});
  EXPECT_EQ(thrown<UserError>([&] { fold("topk", {"student.fit=linear"}); }),
            "student.fit = \"linear\": \"batchnorm\" stands between the last hidden layer and the "
            "output; expected \"scale\" or \"none\"");
}

TEST_F(StudentTest, statistics_are_of_batches_of_one_size) {
  train_mixture({"expert.layers=[\"linear 6\", \"batchnorm\", \"relu\", \"linear classes\"]"});
  EXPECT_EQ(
      thrown<UserError>([&] { fold("average", {"student.calibration=1"}); }),
      "student.calibration = 1: batch norm has no statistics of one row; expected at least 2");
  fold("average", {"student.calibration=101"});
}

TEST_F(StudentTest, is_never_written_over_its_teacher) {
  train_mixture();
  for (const fs::path& out : {teacher(), teacher() / "student", folder_.path()}) {
    run_ = out;
    EXPECT_NE(thrown<UserError>([&] { fold("topk"); }).find("expected another folder"),
              std::string::npos)
        << out;
  }
  EXPECT_EQ(read_json_file(teacher() / "summary.json")["name"], "mixture");
}

TEST_F(StudentTest, refuses_to_choose_units_where_experts_have_none) {
  train_mixture({"expert.layers=[\"linear classes\"]"});
  EXPECT_NE(thrown<UserError>([&] { fold("topk"); }).find("topk: the experts have no hidden layer"),
            std::string::npos);
  EXPECT_FALSE(fs::exists(run_));
  for (const char* gather : {"average", "concat", "best"}) fold(gather);
}

TEST_F(StudentTest, refuses_a_rank_above_the_matrix_s) {
  train_mixture();
  EXPECT_EQ(thrown<UserError>([&] { fold("svd", {"student.rank=5"}); }),
            fmt::format("moestro densify: student.teacher = \"{}\": rank 5 of \"0.weight\", which "
                        "is 4x6; expected at most 4",
                        teacher().string()));
}

TEST_F(StudentTest, refuses_data_that_do_not_fit_the_teacher) {
  train_mixture();
  for (const char* assignment : {"data.rows=80", "train.seed=5"})
    EXPECT_EQ(thrown<UserError>([&] { fold("topk", {assignment}); }),
              fmt::format("moestro densify: student.teacher = \"{}\": its inputs were normalised "
                          "otherwise; expected the same training rows, or the same data.mean and "
                          "data.deviation",
                          teacher().string()))
        << assignment;
  EXPECT_FALSE(fs::exists(run_));
}

TEST_F(StudentTest, refuses_a_student_of_another_shape) {
  train_mixture();
  EXPECT_NE(thrown<UserError>([&] {
              fold("topk", {"expert.layers=[\"linear 6\", \"relu\", \"linear 6\", \"relu\", "
                            "\"linear classes\"]"});
            }).find("a student of 2 hidden layers for experts of 1"),
            std::string::npos);
  EXPECT_FALSE(fs::exists(run_));
}

TEST_F(StudentTest, refuses_a_teacher_of_the_same_shapes_that_computes_something_else) {
  train_mixture();
  EXPECT_NE(
      thrown<UserError>(
          [&] { fold("topk", {"expert.layers=[\"linear 4\", \"tanh\", \"linear classes\"]"}); })
          .find("its expert.layers have \"relu\" where the student has \"tanh\"; expected the "
                "same but for the width"),
      std::string::npos);
  EXPECT_FALSE(fs::exists(run_));
}

TEST_F(StudentTest, may_have_another_dropout_but_no_other_statistics) {
  train_mixture(
      {"expert.layers=[\"linear 6\", \"batchnorm\", \"relu\", \"dropout 0.1\", "
       "\"linear classes\"]"});
  const auto fold_with = [&](const char* norm, const char* dropout) {
    fold("topk", {fmt::format("expert.layers=[\"linear 6\", \"{}\", \"relu\", \"{}\", "
                              "\"linear classes\"]",
                              norm, dropout)});
  };
  fold_with("batchnorm eval=running", "dropout 0.3");
  EXPECT_NE(thrown<UserError>([&] { fold_with("batchnorm eval=batch", "dropout 0.1"); })
                .find("its expert.layers have \"batchnorm\" where the student has \"batchnorm "
                      "eval=batch\""),
            std::string::npos);
}

TEST_F(StudentTest, refuses_a_damaged_or_unfinished_teacher) {
  train_mixture();
  const CheckpointStore checkpoints(teacher() / "checkpoints");
  const fs::path file = checkpoints.path(checkpoints.steps().back());
  const std::string bytes = get(file);
  put(file, bytes.substr(0, bytes.size() / 2));
  ASSERT_GT(checkpoints.steps().size(), 1u);  // an older one is whole
  EXPECT_NE(thrown<UserError>([&] {
              fold("topk");
            }).find(file.string() + " is damaged; expected it whole, or the run trained again"),
            std::string::npos);
  put(file, bytes);
  const RunFolder folder = RunFolder::open(teacher());
  Manifest manifest = folder.manifest();
  manifest.status = RunStatus::interrupted;
  folder.write(manifest);
  EXPECT_EQ(thrown<UserError>([&] { fold("topk"); }),
            teacher().string() + ": the run is not finished; expected a finished one");
  EXPECT_FALSE(fs::exists(run_));
}

}  // namespace
}  // namespace moestro::testing
