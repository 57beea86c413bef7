// Students that go on after they were stopped, and what they need for it.
#include "lifecycle/student_fixture.h"
#include "moestro/core/error.h"
#include "moestro/lifecycle/inspect_run.h"
#include "moestro/store/run_folder.h"
#include "thrown.h"

namespace moestro::testing {
namespace {

namespace fs = std::filesystem;

// A student that was stopped after its first checkpoint.
class StoppedStudent : public Students<RunTest> {
 protected:
  void train_and_stop() {
    densify({}, keep_);
    weights_ = last_weights();
    const CheckpointStore checkpoints(run_ / "checkpoints", 100);
    const std::vector<int64_t> steps = checkpoints.steps();
    ASSERT_GE(steps.size(), 4u);
    for (size_t i = 1; i < steps.size(); ++i) {
      fs::remove(checkpoints.path(steps[i]));
      fs::remove(checkpoints.path(steps[i]).string() + ".sha256");
    }
    change_manifest([](Manifest& manifest) { manifest.status = RunStatus::interrupted; });
    fs::remove(run_ / "summary.json");
  }

  template <class Change>
  void change_manifest(const Change& change) {
    const RunFolder folder = RunFolder::open(run_);
    Manifest manifest = folder.manifest();
    change(manifest);
    folder.write(manifest);
  }

  void train_teacher_again(const Settings& settings) {
    const fs::path student = run_;
    run_ = teacher();
    train(settings, /*resume=*/false, /*force=*/true);
    run_ = student;
  }

  void resume() { densify({}, keep_, /*resume=*/true); }

  const Settings keep_ = {"train.epochs=4", "train.keep=100"};
  std::map<std::string, Tensor> weights_;
};

TEST_F(StoppedStudent, ends_in_the_same_weights) {
  train_mixture();
  train_and_stop();
  resume();
  EXPECT_TRUE(same(last_weights(), weights_));
}

TEST_F(StoppedStudent, is_inspected_without_what_was_kept) {
  train_mixture();
  train_and_stop();
  EXPECT_FALSE(inspect_run({.run = run_}).to_json().contains("student"));
  resume();
  EXPECT_EQ(inspect_run({.run = run_}).to_json()["student"], student());
}

TEST_F(StoppedStudent, refuses_to_go_on_with_another_teacher_in_the_place_of_its_own) {
  train_mixture();
  train_and_stop();
  const auto before = files();
  train_teacher_again({"loss.importance=0.2"});
  EXPECT_EQ(thrown<UserError>([&] { resume(); }),
            fmt::format("{}: student.teacher = \"{}\" has other weights than when the run was "
                        "begun; expected the same to --resume",
                        run_.string(), teacher().string()));
  EXPECT_TRUE(files() == before);
}

TEST_F(StoppedStudent, goes_on_with_a_teacher_that_was_trained_to_the_same_weights_again) {
  train_mixture();
  train_and_stop();
  train_teacher_again({});
  resume();
  EXPECT_TRUE(same(last_weights(), weights_));
}

TEST_F(StoppedStudent, of_a_version_without_the_digest_goes_on) {
  train_mixture();
  train_and_stop();
  change_manifest([](Manifest& manifest) { manifest.teacher_digest.clear(); });
  resume();
  EXPECT_TRUE(same(last_weights(), weights_));
}

}  // namespace
}  // namespace moestro::testing
