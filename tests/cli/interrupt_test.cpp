// A run that is stopped, politely or not, ends in the same weights as one that is left in peace.
#include <cstdlib>
#include <random>

#include <ATen/Functions.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/program_fixture.h"
#include "moestro/core/error.h"
#include "moestro/store/checkpoint_store.h"
#include "moestro/store/json_file.h"
#include "moestro/store/metrics_log.h"
#include "store/expect_error.h"

namespace moestro {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;
using testing::contains;
using testing::Outcome;
using testing::Program;
using testing::succeeds;

class Interruption : public testing::ProgramTest {
 protected:
  // Some 2,000 steps, a checkpoint after every 40.
  Interruption() {
    testing::put(folder_ / "train.csv", testing::corners_csv(640, 1));
    std::string recipe = testing::corners_recipe(".");
    recipe.replace(recipe.find("epochs = 4"), 10, "epochs = 50");
    recipe.replace(recipe.find("batch = 32"), 10, "batch = 16\nvalidation = 0.0");
    testing::put(folder_ / "toy.toml", recipe + "schedule = \"one_cycle\"\n");
  }

  std::vector<std::string> command(const std::string& out) const {
    return {"train", "toy.toml", "--resume", "--out", out};
  }

  // How long the run in peace takes.
  Seconds run_in_peace() {
    const Clock::time_point start = Clock::now();
    EXPECT_TRUE(succeeds(moestro(command("peace"))));
    return Clock::now() - start;
  }

  bool has_checkpoint(const std::string& out) const {
    return !CheckpointStore(folder_ / out / "checkpoints").steps().empty();
  }

  // The tensors of the last checkpoint bit for bit, the moments of the optimiser among them, and
  // the records but for the time they took.
  void expect_as_in_peace(const std::string& out) const {
    const Checkpoint ours = last(out), theirs = last("peace");
    EXPECT_EQ(ours.step, theirs.step);
    ASSERT_EQ(ours.file.names(), theirs.file.names());
    for (const std::string& name : ours.file.names())
      EXPECT_TRUE(at::equal(ours.file.tensor(name), theirs.file.tensor(name))) << name;
    EXPECT_EQ(records(out), records("peace"));
    nlohmann::json summary = read_json_file(folder_ / out / "summary.json"),
                   expected = read_json_file(folder_ / "peace" / "summary.json");
    for (nlohmann::json* json : {&summary, &expected}) json->erase("seconds"), json->erase("name");
    EXPECT_EQ(summary, expected);
  }

  void stop_and_resume(int signal) {
    run_in_peace();
    Program program(command("stopped"), options());
    while (!has_checkpoint("stopped"))
      ASSERT_FALSE(program.ends_within(std::chrono::milliseconds(5)));
    program.send(signal);
    const Outcome outcome = program.wait();
    EXPECT_EQ(outcome.exit_code, kExitInterrupted) << outcome.err;
    EXPECT_TRUE(contains(outcome.err, "stopped after step "));
    EXPECT_TRUE(contains(outcome.err, "; --resume goes on\n"));
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(read_json_file(folder_ / "stopped/manifest.json")["status"], "interrupted");
    // Saved at that very step.
    const int64_t step = last("stopped").step;
    EXPECT_TRUE(contains(outcome.err, fmt::format("after step {};", step)));
    EXPECT_TRUE(succeeds(moestro({"report", "stopped"})));

    const Outcome resumed = moestro(command("stopped"));
    EXPECT_TRUE(succeeds(resumed));
    EXPECT_TRUE(contains(resumed.err, fmt::format("going on after step {}\n", step)));
    expect_as_in_peace("stopped");
  }

 private:
  Checkpoint last(const std::string& out) const {
    return CheckpointStore(folder_ / out / "checkpoints").latest().value();
  }

  std::vector<nlohmann::json> records(const std::string& out) const {
    std::vector<nlohmann::json> records = read_metrics(folder_ / out / "metrics.jsonl");
    for (nlohmann::json& record : records) record.erase("seconds");
    return records;
  }
};

TEST_F(Interruption, sigint_saves_and_the_resumed_run_ends_in_the_same_weights) {
  stop_and_resume(SIGINT);
}

TEST_F(Interruption, sigterm_saves_and_the_resumed_run_ends_in_the_same_weights) {
  stop_and_resume(SIGTERM);
}

// At moments spread over the whole life of a run, the time before the first checkpoint and the
// writing of the results among them. Runs that come to their end are checked, and others begun,
// until there were enough kills.
TEST_F(Interruption, killed_runs_end_in_the_same_weights) {
  const char* asked = std::getenv("MOESTRO_KILLS");
  const int kills = asked ? std::atoi(asked) : 20;
  const double seconds = run_in_peace().count();
  std::mt19937_64 bits(20);
  int killed = 0, without_checkpoint = 0, runs = 0;
  const auto out = [&runs] { return fmt::format("killed-{}", runs); };
  while (killed < kills) {
    Program program(command(out()), options());
    if (program.ends_within(Seconds(seconds * testing::uniform_number(bits)))) {
      ASSERT_TRUE(succeeds(program.wait()));
      expect_as_in_peace(out());
      ++runs;
      continue;
    }
    program.send(SIGKILL);
    ASSERT_EQ(program.wait().signal, SIGKILL);
    ++killed;
    if (!has_checkpoint(out())) ++without_checkpoint;
  }
  const Outcome outcome = moestro(command(out()));
  ASSERT_TRUE(succeeds(outcome));
  expect_as_in_peace(out());
  EXPECT_GT(without_checkpoint, 0);
  EXPECT_LT(without_checkpoint, kills);
}

}  // namespace
}  // namespace moestro
