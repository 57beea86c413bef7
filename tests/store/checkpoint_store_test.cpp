#include "moestro/store/checkpoint_store.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include "moestro/core/error.h"
#include "moestro/store/digest.h"
#include "store/expect_error.h"
#include "store/limited_file_size.h"
#include "store/temporary_folder.h"

namespace moestro {
namespace {

namespace fs = std::filesystem;
using testing::contains;
using testing::ends_with;
using testing::message_of;

using Steps = std::vector<int64_t>;

NamedTensors tensors_at(int64_t step) {
  return {{"w", at::full({100}, step, at::kLong)}};
}

void save(const CheckpointStore& store, int64_t step, int64_t best) {
  store.save(step, best, tensors_at(step), "{\"step\": " + std::to_string(step) + "}");
}

void damage(const fs::path& path) {
  std::string bytes = testing::get(path);
  bytes.back() ^= 1;
  testing::put(path, bytes);
}

TEST(CheckpointStore, without_checkpoints_has_no_latest_and_no_best) {
  testing::TemporaryFolder folder;
  CheckpointStore store(folder / "absent");
  EXPECT_FALSE(store.latest());
  EXPECT_FALSE(store.best());
  EXPECT_FALSE(fs::exists(folder / "absent"));
}

TEST(CheckpointStore, gives_back_what_was_saved_last) {
  testing::TemporaryFolder folder;
  CheckpointStore store(folder / "checkpoints");
  save(store, 10, 10);
  save(store, 20, 10);
  auto latest = CheckpointStore(folder / "checkpoints").latest();
  ASSERT_TRUE(latest);
  EXPECT_EQ(latest->step, 20);
  EXPECT_EQ(latest->best_step, 10);
  EXPECT_EQ(latest->state, "{\"step\": 20}");
  EXPECT_TRUE(at::equal(latest->file.tensor("w"), tensors_at(20)[0].second));
  EXPECT_EQ(store.path(20).filename(), "step-00000020.safetensors");
  EXPECT_TRUE(fs::exists(folder / "checkpoints/step-00000020.safetensors.sha256"));
}

TEST(CheckpointStore, keeps_the_newest_and_the_best) {
  testing::TemporaryFolder folder;
  CheckpointStore store(folder.path(), 2);
  for (int64_t step : {10, 20, 30, 40, 50}) save(store, step, std::min<int64_t>(step, 20));
  EXPECT_EQ(store.steps(), (Steps{20, 40, 50}));
  EXPECT_EQ(folder.entries(), 6);
  EXPECT_EQ(store.best()->step, 20);
  save(store, 60, 60);
  EXPECT_EQ(store.steps(), (Steps{20, 50, 60}));  // 50 still names 20
  save(store, 70, 60);
  EXPECT_EQ(store.steps(), (Steps{60, 70}));
  EXPECT_EQ(store.best()->step, 60);
}

TEST(CheckpointStore, sorts_steps_as_numbers) {
  testing::TemporaryFolder folder;
  CheckpointStore store(folder.path());
  save(store, 99'999'999, 0);
  save(store, 100'000'000, 0);
  EXPECT_EQ(store.latest()->step, 100'000'000);
}

TEST(CheckpointStore, passes_over_damaged_checkpoints_with_a_warning) {
  testing::TemporaryFolder folder;
  CheckpointStore store(folder.path());
  for (int64_t step : {10, 20, 30, 40}) save(store, step, 10);
  damage(store.path(40));
  fs::remove(digest_path(store.path(30)));
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(store.latest()->step, 20);
  std::string warnings = ::testing::internal::GetCapturedStderr();
  EXPECT_TRUE(contains(warnings, "step-00000040.safetensors: damaged or half written"));
  EXPECT_TRUE(contains(warnings, "step-00000030.safetensors: damaged or half written"));
}

TEST(CheckpointStore, refuses_a_damaged_last_checkpoint_when_told_to) {
  testing::TemporaryFolder folder;
  CheckpointStore store(folder.path());
  for (int64_t step : {10, 20}) save(store, step, 10);
  EXPECT_EQ(store.latest(Damaged::refused)->step, 20);
  damage(store.path(20));
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(message_of<UserError>([&] { store.latest(Damaged::refused); }),
            store.path(20).string() + " is damaged; expected it whole, or the run trained again");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST(CheckpointStore, cut_at_any_length_is_passed_over) {
  testing::TemporaryFolder folder;
  CheckpointStore store(folder.path());
  save(store, 10, 10);
  save(store, 20, 10);
  std::string bytes = testing::get(store.path(20));
  ::testing::internal::CaptureStderr();
  for (std::size_t size = 0; size < bytes.size(); size += 13) {
    testing::put(store.path(20), bytes.substr(0, size));
    EXPECT_EQ(store.latest()->step, 10);
  }
  ::testing::internal::GetCapturedStderr();
}

TEST(CheckpointStore, says_when_the_best_is_damaged) {
  testing::TemporaryFolder folder;
  CheckpointStore store(folder.path());
  save(store, 10, 10);
  save(store, 20, 10);
  damage(store.path(10));
  EXPECT_TRUE(ends_with(message_of<UserError>([&] { store.best(); }),
                        "step-00000010.safetensors: the best checkpoint is damaged or gone; "
                        "step-00000020.safetensors is the latest good one"));
}

TEST(CheckpointStore, of_a_run_that_went_back_forgets_the_newer_ones) {
  testing::TemporaryFolder folder;
  CheckpointStore store(folder.path(), 2);
  for (int64_t step : {10, 20, 30}) save(store, step, step);
  damage(store.path(30));
  save(store, 25, 25);
  EXPECT_EQ(store.steps(), (Steps{20, 25}));
  EXPECT_EQ(store.latest()->step, 25);
}

TEST(CheckpointStore, may_save_a_step_again) {
  testing::TemporaryFolder folder;
  CheckpointStore store(folder.path());
  save(store, 10, 10);
  store.save(10, 10, tensors_at(11), "again");
  EXPECT_EQ(store.latest()->state, "again");
  EXPECT_EQ(folder.entries(), 2);
}

TEST(CheckpointStore, removes_what_killed_writers_left) {
  testing::TemporaryFolder folder;
  testing::put(folder / ".step-00000010.safetensors.moestro-tmp-7-0", "half");
  testing::put(folder / "step-00000009.safetensors.sha256", "of a file that never came");
  testing::put(folder / "notes.txt", "of the user");
  save(CheckpointStore(folder.path()), 10, 10);
  EXPECT_EQ(folder.entries(), 3);
  EXPECT_TRUE(fs::exists(folder / "notes.txt"));
}

TEST(CheckpointStore, loses_nothing_on_a_full_disk) {
  testing::TemporaryFolder folder;
  CheckpointStore store(folder.path(), 1);
  save(store, 10, 10);
  {
    testing::LimitedFileSize limit(500);
    for (int64_t step : {10, 20})
      EXPECT_TRUE(
          ends_with(message_of<SystemError>([&] { save(store, step, 10); }), ": File too large"));
  }
  EXPECT_EQ(store.latest()->step, 10);
  EXPECT_EQ(folder.entries(), 2);
}

TEST(CheckpointStore, is_not_fooled_by_other_files) {
  testing::TemporaryFolder folder;
  CheckpointStore store(folder.path());
  testing::put(folder / "step-x.safetensors", "");
  testing::put(folder / "step--0000001.safetensors", "");
  testing::put(folder / "step-00000001.safetensors.bak", "");
  EXPECT_TRUE(store.steps().empty());
  write_safetensors(store.path(5), tensors_at(5));
  write_digest(store.path(5), sha256_of_file(store.path(5)));
  EXPECT_TRUE(contains(message_of<UserError>([&] { store.latest(); }),
                       "step-00000005.safetensors: not a checkpoint"));
}

// A child saves until it is killed: whatever the moment, a whole checkpoint is there.
TEST(CheckpointStore, killed_at_any_moment_has_a_whole_checkpoint) {
  testing::TemporaryFolder folder;
  CheckpointStore store(folder.path(), 2);
  save(store, 0, 0);
  const NamedTensors tensors = {{"w", at::ones({50'000})}};
  for (int kill_after = 0; kill_after < 10; ++kill_after) {
    int64_t before = store.latest()->step;
    pid_t child = fork();
    if (child == 0) {
      for (int64_t step = before + 1;; ++step) store.save(step, step / 3, tensors, "s");
    }
    usleep(5000 + 2317 * kill_after);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    ::testing::internal::CaptureStderr();
    auto latest = store.latest();
    EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
    ASSERT_TRUE(latest);
    EXPECT_GE(latest->step, before);
    EXPECT_LE(store.steps().size(), 5);  // two, the bests they name, one not yet pruned for
  }
}

}  // namespace
}  // namespace moestro
