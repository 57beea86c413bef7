#include <gtest/gtest.h>

#include "cli/program_fixture.h"
#include "moestro/core/error.h"
#include "moestro/core/version.h"
#include "store/expect_error.h"

namespace moestro {
namespace {

using testing::contains;
using testing::fails;
using testing::Outcome;
using testing::starts_with;
using testing::succeeds;

using CommandLine = testing::ProgramTest;

const char* const kVerbs[] = {"train",  "eval", "predict", "inspect", "study",
                              "report", "data", "config",  "demo"};

TEST_F(CommandLine, version_is_that_of_the_library) {
  const Outcome outcome = moestro({"--version"});
  EXPECT_TRUE(succeeds(outcome));
  EXPECT_EQ(outcome.out, std::string("moestro ") + version() + "\n");
}

TEST_F(CommandLine, help_names_every_verb_and_shows_examples) {
  const Outcome outcome = moestro({"--help"});
  EXPECT_TRUE(succeeds(outcome));
  for (const char* verb : kVerbs)
    EXPECT_TRUE(contains(outcome.out, fmt::format("\n  {} ", verb))) << verb;
  EXPECT_TRUE(contains(outcome.out, "Examples:\n  moestro demo"));
  EXPECT_EQ(outcome.err, "");
}

TEST_F(CommandLine, help_of_every_verb_shows_examples_of_it) {
  for (const char* verb : kVerbs) {
    const Outcome outcome = moestro({verb, "--help"});
    EXPECT_TRUE(succeeds(outcome));
    EXPECT_TRUE(contains(outcome.out, fmt::format("Usage: moestro {}", verb)));
    EXPECT_TRUE(contains(outcome.out, fmt::format("Examples:\n  moestro {}", verb)));
    EXPECT_EQ(outcome.err, "");
  }
}

TEST_F(CommandLine, verb_that_is_unknown_or_missing_lists_what_there_is) {
  EXPECT_TRUE(fails(moestro({"trian", "toy.toml"}), kExitUser,
                    {"unknown verb \"trian\"; did you mean \"train\"?", "moestro --help"}));
  EXPECT_TRUE(fails(moestro({"--quiet", "trian"}), kExitUser, {"unknown verb \"trian\""}));
  EXPECT_TRUE(
      fails(moestro({}), kExitUser, {"no verb; expected one of train, continual, densify"}));
}

TEST_F(CommandLine, flag_that_is_unknown_gets_a_suggestion) {
  EXPECT_TRUE(
      fails(moestro({"train", "toy.toml", "--resum"}), kExitUser,
            {"unknown flag \"--resum\"; did you mean \"--resume\"?", "moestro train --help"}));
  EXPECT_TRUE(fails(moestro({"data", "--jsno"}), kExitUser, {"unknown flag \"--jsno\""}));
  EXPECT_TRUE(fails(moestro({"report", "a", "b"}), kExitUser, {"unexpected argument \"b\""}));
}

TEST_F(CommandLine, arguments_are_checked) {
  EXPECT_TRUE(fails(moestro({"train"}), kExitUser, {"RECIPE is required"}));
  EXPECT_TRUE(fails(moestro({"predict", "run", "--data", "x"}), kExitUser, {"--out is required"}));
  EXPECT_TRUE(fails(train({"--seed", "-1"}), kExitUser,
                    {"--seed: -1; expected a whole number, at least 0"}));
  EXPECT_TRUE(fails(train({"--threads", "two"}), kExitUser,
                    {"--threads: two; expected a whole number, at least 0"}));
  EXPECT_TRUE(fails(moestro({"demo", "--epochs", "0"}), kExitUser,
                    {"--epochs: 0; expected a whole number, at least 1"}));
  EXPECT_TRUE(fails(train({"--resume", "--force"}), kExitUser, {"--resume excludes --force"}));
  EXPECT_TRUE(fails(train({"--device", "tpu"}), kExitUser, {"\"tpu\"", "auto, cpu, cuda"}));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "runs"));
}

TEST_F(CommandLine, config_explains_every_key_also_as_markdown) {
  const Outcome plain = moestro({"config"}), page = moestro({"config", "--markdown"});
  EXPECT_TRUE(succeeds(plain));
  EXPECT_TRUE(succeeds(page));
  for (const char* key : {"data.batch", "expert.count", "gate.kind", "mixture.output",
                          "loss.importance", "train.rate"}) {
    EXPECT_TRUE(contains(plain.out, fmt::format("\n  {} = ", key)));
    EXPECT_TRUE(contains(page.out, fmt::format("\n| `{}` |", key)));
  }
  EXPECT_TRUE(starts_with(page.out, "# Every key of a recipe\n"));
}

TEST_F(CommandLine, results_that_cannot_be_written_are_an_error) {
  testing::ProgramOptions full = options();
  full.stdout_path = "/dev/full";
  EXPECT_TRUE(fails(testing::run_program({"data"}, full), kExitSystem,
                    {"cannot write to standard output"}));
}

}  // namespace
}  // namespace moestro
