// A study that is stopped at any point, politely or not, goes on and ends in the same results.
#include <csignal>
#include <functional>
#include <thread>

#include <gtest/gtest.h>

#include "cli/study_fixture.h"

namespace moestro::testing {
namespace {

namespace fs = std::filesystem;

// Two arms of 800 steps, the second of which starts from the first, with a checkpoint after every
// 20 steps.
class InterruptedStudy : public StudyTest {
 protected:
  InterruptedStudy() {
    put(folder_ / "train.csv", corners_csv(640, 1));
    put(folder_ / "study.toml", R"([study]
recipe = "toy.toml"
seeds = 1
primary = ["student", "teacher"]
[data]
validation = 0.0
[train]
epochs = 40
[study.arms]
teacher = []
student = ["start.run={teacher}", "start.experts=freeze", "start.gate=trunk"]
)");
  }

  void begin() { program_.emplace(Words{"study", "study.toml"}, options()); }

  fs::path run(const std::string& name) const { return folder_ / "runs/study/runs" / name; }
  std::string manifest(const std::string& name) const { return get(run(name) / "manifest.json"); }
  bool says(const std::string& name, const std::string& status) const {
    return manifest(name).find("\"status\": \"" + status + "\"") != std::string::npos;
  }
  bool has_checkpoint(const std::string& name) const {
    std::error_code none;
    return fs::exists(run(name) / "checkpoints", none) &&
           fs::directory_iterator(run(name) / "checkpoints") != fs::directory_iterator();
  }

  static void wait_until(const std::function<bool()>& holds) {
    for (int i = 0; i < 6000 && !holds(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ASSERT_TRUE(holds());
  }

  // Once the student trains; what it has learned is saved by the time this returns.
  void kill_while_the_student_trains() {
    begin();
    wait_until([&] { return has_checkpoint("student-0"); });
    program_->send(SIGKILL);
    EXPECT_EQ(program_->wait().signal, SIGKILL);
    wait_until([&] { return says("student-0", "interrupted"); });
  }

  void expect_to_end_as_in_peace() {
    ASSERT_TRUE(succeeds(study()));
    EXPECT_EQ(results_without_times("runs/study"), results_in_peace());
  }

  // The same for every test.
  const std::string& results_in_peace() const {
    static const std::string results = [this] {
      EXPECT_TRUE(succeeds(study({"--out", "runs/peace"})));
      return results_without_times("runs/peace");
    }();
    return results;
  }

  std::optional<Program> program_;
};

TEST_F(InterruptedStudy, a_run_that_someone_else_stops_is_a_failure) {
  begin();
  wait_until([&] { return has_checkpoint("teacher-0"); });
  const std::string pid = std::to_string(program_->pid());
  std::istringstream children(get("/proc/" + pid + "/task/" + pid + "/children"));
  pid_t child = 0;
  ASSERT_TRUE(children >> child);
  kill(child, SIGKILL);
  const Outcome outcome = program_->wait();
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_NE(outcome.err.find("was ended by signal 9"), std::string::npos) << outcome.err;
}

TEST_F(InterruptedStudy, asked_to_stop_saves_its_runs_and_goes_on) {
  begin();
  wait_until([&] { return has_checkpoint("teacher-0"); });
  program_->send(SIGTERM);
  const Outcome stopped = program_->wait();
  EXPECT_EQ(stopped.exit_code, 130);
  EXPECT_NE(stopped.err.find("of 2 runs finished; the same command goes on"), std::string::npos);
  EXPECT_EQ(stopped.err.find("failed"), std::string::npos) << stopped.err;
  EXPECT_TRUE(says("teacher-0", "interrupted"));
  const std::string steps = get(run("teacher-0") / "metrics.jsonl");
  expect_to_end_as_in_peace();
  EXPECT_TRUE(get(run("teacher-0") / "metrics.jsonl").starts_with(steps));
}

// The seconds among the metrics tell a run that goes on from one that begins anew.
TEST_F(InterruptedStudy, killed_in_its_second_arm_goes_on_there) {
  kill_while_the_student_trains();
  const std::string teacher = manifest("teacher-0"),
                    steps = get(run("student-0") / "metrics.jsonl");
  EXPECT_NE(steps.find("\"seconds\""), std::string::npos);
  expect_to_end_as_in_peace();
  EXPECT_TRUE(get(run("student-0") / "metrics.jsonl").starts_with(steps));
  EXPECT_EQ(manifest("teacher-0"), teacher);
}

TEST_F(InterruptedStudy, killed_between_two_runs_trains_the_second_one_only) {
  begin();
  wait_until([&] { return has_checkpoint("teacher-0"); });
  program_->send(SIGSTOP);  // so that it sees no end of the first run
  wait_until([&] { return says("teacher-0", "finished"); });
  program_->send(SIGKILL);
  EXPECT_EQ(program_->wait().signal, SIGKILL);
  EXPECT_FALSE(fs::exists(run("student-0")));
  const std::string teacher = manifest("teacher-0");
  expect_to_end_as_in_peace();
  EXPECT_EQ(manifest("teacher-0"), teacher);
}

TEST_F(InterruptedStudy, killed_before_a_run_has_its_recipe_begins_that_run_anew) {
  kill_while_the_student_trains();
  std::string begun = manifest("student-0");
  const std::string status = "interrupted";
  begun.replace(begun.find(status), status.size(), "running");
  fs::remove_all(run("student-0"));
  fs::create_directory(run("student-0"));
  put(run("student-0") / "manifest.json", begun);  // written before the recipe
  const std::string teacher = manifest("teacher-0");
  expect_to_end_as_in_peace();
  EXPECT_EQ(manifest("teacher-0"), teacher);
}

}  // namespace
}  // namespace moestro::testing
