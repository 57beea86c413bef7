// A run that is stopped, politely or not, ends in the same weights as one that is left in peace.
#include <cstdlib>
#include <random>

#include <ATen/Functions.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/program_fixture.h"
#include "lifecycle/made_up_texts.h"
#include "moestro/core/error.h"
#include "moestro/data/tokenizer.h"
#include "moestro/store/checkpoint_store.h"
#include "moestro/store/json_file.h"
#include "moestro/store/metrics_log.h"

namespace moestro {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;
using testing::Outcome;
using testing::Program;
using testing::succeeds;

class Interruption : public testing::ProgramTest {
 protected:
  // 1,000 steps, a checkpoint after every 40.
  Interruption() {
    testing::put(folder_ / "train.csv", testing::corners_csv(640, 1));
    std::string recipe = testing::corners_recipe(".");
    recipe.replace(recipe.find("epochs = 4"), 10, "epochs = 25");
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

  // Of the newest checkpoint; -1 before the first.
  int64_t last_step(const std::string& out) const {
    const std::vector<int64_t> steps = CheckpointStore(folder_ / out / "checkpoints").steps();
    return steps.empty() ? -1 : steps.back();
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

  // Trains until there is a checkpoint later than `step`, asks to stop and looks at what is left.
  // Returns the step of the stop.
  int64_t stop(int signal, int64_t step) {
    Program program(command("stopped"), options());
    while (last_step("stopped") <= step)
      if (program.ends_within(std::chrono::milliseconds(5))) break;
    program.send(signal);
    const Outcome outcome = program.wait();
    EXPECT_EQ(outcome.exit_code, kExitInterrupted) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(read_json_file(folder_ / "stopped/manifest.json")["status"], "interrupted");
    const int64_t saved = last_step("stopped");
    const std::string began = step < 0 ? "" : fmt::format("going on after step {}\n", step);
    EXPECT_EQ(outcome.err, began + fmt::format("stopped after step {}; --resume goes on\n", saved));
    return saved;
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

TEST_F(Interruption, stopped_run_is_saved_and_ends_in_the_same_weights) {
  run_in_peace();
  const int64_t first = stop(SIGINT, -1);
  EXPECT_TRUE(succeeds(moestro({"report", "stopped"})));
  const int64_t second = stop(SIGTERM, first);
  EXPECT_GT(second, first);
  EXPECT_TRUE(succeeds(moestro(command("stopped"))));
  expect_as_in_peace("stopped");
}

// The same of a translator with mixture layers and averaged weights.
class TextInterruption : public Interruption {
 protected:
  TextInterruption() {
    testing::put_pairs(folder_ / "train", 200, 1);
    testing::put_pairs(folder_ / "val", 10, 2);
    testing::put_pairs(folder_ / "test", 10, 3);
    std::string recipe = testing::pairs_recipe(".");
    const auto replace = [&](const std::string& from, const std::string& to) {
      recipe.replace(recipe.find(from), from.size(), to);
    };
    replace("count = 1", "count = 3");
    replace("kind = \"fixed\"", "kind = \"sigmoid\"\nk = 1");
    replace("epochs = 6", "epochs = 20\naverage = 15\nschedule = \"inverse_sqrt\"");
    testing::put(folder_ / "toy.toml", recipe);
  }
  void SetUp() override {
    if (!has_tokenizer()) GTEST_SKIP() << "built without sentencepiece";
  }
};

TEST_F(TextInterruption, stopped_translator_ends_in_the_same_weights_and_translations) {
  run_in_peace();
  const int64_t first = stop(SIGINT, -1);
  EXPECT_GT(stop(SIGTERM, first), first);
  EXPECT_TRUE(succeeds(moestro(command("stopped"))));
  expect_as_in_peace("stopped");
  EXPECT_EQ(testing::get(folder_ / "stopped/translations.txt"),
            testing::get(folder_ / "peace/translations.txt"));
  EXPECT_EQ(testing::get(folder_ / "stopped/tokenizer.model"),
            testing::get(folder_ / "peace/tokenizer.model"));
}

TEST_F(Interruption, second_program_is_kept_out_of_a_run_that_goes_on) {
  Program first(command("run"), options());
  while (last_step("run") < 0)
    if (first.ends_within(std::chrono::milliseconds(5))) break;
  EXPECT_TRUE(testing::fails(moestro(command("run")), kExitUser,
                             {"run: another process is writing this run"}));
  EXPECT_TRUE(succeeds(first.wait()));
}

// At moments spread over the whole life of a run, the time before the first checkpoint and the
// writing of the results among them. Runs that come to their end are checked, and others begun,
// until there were enough kills.
TEST_F(Interruption, killed_runs_end_in_the_same_weights) {
  const char* asked = std::getenv("MOESTRO_KILLS");
  const int kills = asked ? std::atoi(asked) : 20;
  const double whole = run_in_peace().count();
  std::mt19937_64 bits(20);
  int killed = 0, without_checkpoint = 0, runs = 0;
  bool fresh = true;
  const auto out = [&runs] { return fmt::format("killed-{}", runs); };
  while (killed < kills) {
    Program program(command(out()), options());
    const double most = fresh ? whole / 3 : whole;  // of every run, one kill comes early
    if (!program.ends_within(Seconds(most * testing::uniform_number(bits)))) program.send(SIGKILL);
    const Outcome outcome = program.wait();
    fresh = outcome.signal != SIGKILL;
    if (fresh) {
      ASSERT_TRUE(succeeds(outcome));
      expect_as_in_peace(out());
      ++runs;
    } else {
      ++killed;
      if (last_step(out()) < 0) ++without_checkpoint;
    }
  }
  ASSERT_TRUE(succeeds(moestro(command(out()))));
  expect_as_in_peace(out());
  EXPECT_GT(without_checkpoint, 0);
  EXPECT_LT(without_checkpoint, kills);
}

}  // namespace
}  // namespace moestro
