// Folding a mixture into a dense network, through the program.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/program_fixture.h"
#include "moestro/core/error.h"
#include "moestro/store/json_file.h"
#include "store/expect_error.h"

namespace moestro::testing {
namespace {

namespace fs = std::filesystem;

class DensifyProgram : public ProgramTest {
 protected:
  Outcome densify(const Words& more = {}) const {
    Words words = {"densify", "runs/toy"};
    words.insert(words.end(), more.begin(), more.end());
    return moestro(words);
  }
};

TEST_F(DensifyProgram, writes_a_dense_run_beside_the_mixture_and_compares_them) {
  ASSERT_TRUE(succeeds(train({})));
  const Outcome outcome = densify({"--epochs", "1"});
  ASSERT_TRUE(succeeds(outcome));
  for (const char* text : {"arm", "toy-student", "parameters", "latency", "samples a second"})
    EXPECT_TRUE(contains(outcome.out, text));
  EXPECT_TRUE(contains(outcome.err, "runs/toy-student/report.html"));
  for (const Words& verb : {Words{"eval", "runs/toy-student"}, Words{"inspect", "runs/toy-student"},
                            Words{"report", "runs/toy-student"},
                            Words{"export", "runs/toy-student", "--out", "student.onnx"}})
    EXPECT_TRUE(succeeds(moestro(verb))) << verb[0];
}

TEST_F(DensifyProgram, inspection_of_the_student_says_what_it_kept) {
  ASSERT_TRUE(succeeds(train({})));
  ASSERT_TRUE(succeeds(densify({"--epochs", "0"})));
  const Outcome text = moestro({"inspect", "runs/toy-student"});
  ASSERT_TRUE(succeeds(text));
  for (const char* part : {"What each expert learned", "Folded from the mixture runs/toy",
                           "What was kept, layer by layer", "What was kept of each expert"})
    EXPECT_TRUE(contains(text.out, part));
  const Outcome json = moestro({"inspect", "runs/toy-student", "--json"});
  ASSERT_TRUE(succeeds(json));
  EXPECT_EQ(nlohmann::json::parse(json.out)["student"],
            read_json_file(folder_ / "runs/toy-student/summary.json")["student"]);
}

TEST_F(DensifyProgram, takes_the_folder_it_stands_in) {
  put(folder_ / "toy.toml", corners_recipe(folder_.path()));
  ASSERT_TRUE(succeeds(train({})));
  ProgramOptions there = options();
  there.working_folder = folder_ / "runs/toy";
  ASSERT_TRUE(succeeds(run_program({"densify", ".", "--epochs", "0"}, there)));
  EXPECT_TRUE(fs::exists(folder_ / "runs/toy-student/summary.json"));
}

TEST_F(DensifyProgram, folds_without_training_and_says_so_in_json) {
  ASSERT_TRUE(succeeds(train({})));
  const Outcome outcome =
      densify({"--epochs", "0", "--gather", "random-expert", "--json", "--out", "folded"});
  ASSERT_TRUE(succeeds(outcome));
  const auto summary = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(summary["epochs"], 0);
  EXPECT_EQ(summary["student"]["gather"], "random_expert");
  EXPECT_TRUE(succeeds(moestro({"eval", "folded"})));
}

TEST_F(DensifyProgram, a_finished_student_is_resumed_in_no_time_and_replaced_by_force_alone) {
  ASSERT_TRUE(succeeds(train({})));
  ASSERT_TRUE(succeeds(densify({"--epochs", "1"})));
  EXPECT_TRUE(fails(densify({"--epochs", "1"}), kExitUser, {"runs/toy-student exists"}));
  EXPECT_TRUE(succeeds(densify({"--epochs", "1", "--resume"})));
  EXPECT_TRUE(succeeds(densify({"--epochs", "1", "--force"})));
}

TEST_F(DensifyProgram, a_folder_that_exists_is_found_before_anything_is_folded) {
  ASSERT_TRUE(succeeds(train({})));
  fs::create_directories(folder_ / "runs/toy-student");
  put(folder_ / "runs/toy-student/thesis.txt", "irreplaceable");
  fs::remove(folder_ / "train.csv");  // which folding reads
  EXPECT_TRUE(fails(densify(), kExitUser, {"runs/toy-student exists; use --force"}));
  EXPECT_TRUE(fails(densify({"--force"}), kExitUser, {"is not a run folder"}));
  EXPECT_TRUE(fails(densify({"--out", "other"}), kExitUser, {"train.csv: no such file"}));
  EXPECT_EQ(get(folder_ / "runs/toy-student/thesis.txt"), "irreplaceable");
}

TEST_F(DensifyProgram, what_is_only_folded_takes_no_word_on_how_it_learns) {
  ASSERT_TRUE(succeeds(train({})));
  const auto refused = [&](const Words& flags, const std::string& origin, const char* key) {
    return fails(densify(flags), kExitUser,
                 {origin + ": " + key +
                  " has no effect here; it is used where train.epochs is above 0, and that is 0"});
  };
  EXPECT_TRUE(refused({"--epochs", "0", "--temperature", "2"}, "--temperature",
                      "loss.distillation_temperature"));
  EXPECT_TRUE(refused({"--set", "train.epochs=0", "--distillation", "0.25"}, "--distillation",
                      "loss.distillation"));
  EXPECT_TRUE(refused({"--epochs", "0", "--set", "loss.task=0"}, "--set", "loss.task"));
  EXPECT_FALSE(fs::exists(folder_ / "runs/toy-student"));
  EXPECT_TRUE(succeeds(densify({"--epochs", "1", "--temperature", "2", "--distillation", "0.5"})));
}

TEST_F(DensifyProgram, bad_input_is_one_line_before_the_folder_is_touched) {
  EXPECT_TRUE(fails(densify(), kExitUser, {"runs/toy"}));
  ASSERT_TRUE(succeeds(train({})));
  EXPECT_TRUE(fails(densify({"--gather", "best-of-all"}), kExitUser, {"--gather"}));
  EXPECT_TRUE(fails(densify({"--student", "0"}), kExitUser, {"--student \"0\"; expected"}));
  EXPECT_TRUE(fails(densify({"--student", "100000"}), kExitUser, {"a width of 100000; expected"}));
  EXPECT_TRUE(fails(densify({"--align"}), kExitUser, {"--align: student.align has no effect"}));
  EXPECT_TRUE(fails(densify({"--distillation", "2"}), kExitUser, {"--distillation"}));
  EXPECT_TRUE(fails(densify({"--set", "student.rank=3"}), kExitUser, {"student.rank"}));
  EXPECT_TRUE(fails(densify({"--temperature", "3", "--distillation", "0"}), kExitUser,
                    {"loss.distillation_temperature has no effect"}));
  EXPECT_TRUE(fails(densify({"--set", "student.teacher=runs/other"}), kExitUser,
                    {"student.teacher = \"runs/other\"; expected no other teacher than runs/toy"}));
  EXPECT_TRUE(fails(densify({"--student", "3", "--set", "expert.layers=[\"linear classes\"]"}),
                    kExitUser, {"beside --student; expected one of them"}));
  EXPECT_TRUE(fails(densify({"--distillation", "0.5", "--set", "loss.task=1"}), kExitUser,
                    {"--set loss.task=1 beside --distillation; expected one of them"}));
  EXPECT_TRUE(
      fails(moestro({"densify", ""}), kExitUser, {"RUN: \"\"; expected a file or a folder"}));
  EXPECT_TRUE(fails(densify({"--gather", "random-init"}), kExitUser, {"expected \"none\""}));
  EXPECT_TRUE(fails(densify({"--out", "runs/toy", "--force"}), kExitUser, {"another folder"}));
  EXPECT_FALSE(fs::exists(folder_ / "runs/toy-student"));
}

}  // namespace
}  // namespace moestro::testing
