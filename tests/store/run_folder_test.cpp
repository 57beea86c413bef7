#include "moestro/store/run_folder.h"

#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "store/expect_error.h"
#include "store/temporary_folder.h"

namespace moestro {
namespace {

namespace fs = std::filesystem;
using testing::ends_with;
using testing::message_of;

TEST(RunFolder, is_made_with_its_parents) {
  testing::TemporaryFolder folder;
  RunFolder run = RunFolder::create(folder / "runs/demo/arm");
  EXPECT_TRUE(fs::is_directory(folder / "runs/demo/arm"));
  EXPECT_EQ(run.name(), "arm");
  EXPECT_FALSE(run.has_recipe());
  EXPECT_FALSE(run.is_finished());
}

TEST(RunFolder, that_exists_is_refused_and_untouched) {
  testing::TemporaryFolder folder;
  testing::put(folder / "recipe.toml", "old");
  EXPECT_EQ(message_of<UserError>([&] { RunFolder::create(folder.path()); }),
            folder.path().string() + " exists; use --force to replace it or --resume to go on");
  EXPECT_EQ(testing::get(folder / "recipe.toml"), "old");
}

TEST(RunFolder, is_known_to_be_free_before_it_is_made) {
  testing::TemporaryFolder folder;
  RunFolder::check_free(folder.path());
  RunFolder::check_free(folder / "runs/x/");
  EXPECT_FALSE(fs::exists(folder / "runs"));
  testing::put(folder / "thesis.txt", "irreplaceable");
  EXPECT_EQ(message_of<UserError>([&] { RunFolder::check_free(folder.path()); }),
            folder.path().string() + " exists; use --force to replace it or --resume to go on");
  EXPECT_EQ(message_of<UserError>([&] { RunFolder::check_free(folder.path(), true); }),
            folder.path().string() + " is not a run folder; --force replaces only those");
  EXPECT_TRUE(
      ends_with(message_of<UserError>([&] { RunFolder::check_free(folder / "thesis.txt"); }),
                "is a file, expected a folder"));
  testing::put(folder / "recipe.toml", "old");
  RunFolder::check_free(folder.path(), true);
  EXPECT_EQ(folder.entries(), 2);
}

TEST(RunFolder, that_is_not_finished_is_refused_where_that_matters) {
  testing::TemporaryFolder folder;
  const RunFolder run = RunFolder::create(folder / "run");
  EXPECT_EQ(message_of<UserError>([&] { run.check_finished("x"); }),
            "x: the run is not finished; expected a finished one");
  run.write({.status = RunStatus::finished});
  run.check_finished("x");
}

TEST(RunFolder, may_be_an_empty_folder) {
  testing::TemporaryFolder folder;
  testing::put(folder / ".recipe.toml.moestro-tmp-1-0", "of a writer that was killed");
  RunFolder::create(folder.path());
  EXPECT_EQ(folder.entries(), 0);
}

TEST(RunFolder, is_emptied_with_force) {
  testing::TemporaryFolder folder;
  testing::put(folder / "recipe.toml", "old");
  testing::put(folder / "metrics.jsonl", "old");
  fs::create_directories(folder / "checkpoints/deeper");
  RunFolder::create(folder.path(), true);
  EXPECT_EQ(folder.entries(), 0);
}

TEST(RunFolder, is_not_made_by_force_of_a_folder_with_something_else) {
  testing::TemporaryFolder folder;
  testing::put(folder / "thesis.txt", "irreplaceable");
  EXPECT_EQ(message_of<UserError>([&] { RunFolder::create(folder.path(), true); }),
            folder.path().string() + " is not a run folder; --force replaces only those");
  EXPECT_EQ(testing::get(folder / "thesis.txt"), "irreplaceable");
}

TEST(RunFolder, is_not_emptied_under_the_feet_of_the_user) {
  testing::TemporaryFolder folder;
  testing::put(folder / "recipe.toml", "mine");
  fs::create_directories(folder / "below");
  fs::path before = fs::current_path();
  for (fs::path here : {folder.path(), folder / "below"}) {
    fs::current_path(here);
    EXPECT_TRUE(ends_with(message_of<UserError>([&] { RunFolder::create(folder.path(), true); }),
                          "holds the working folder; --force does not replace it"));
    EXPECT_TRUE(ends_with(
        message_of<UserError>([&] { RunFolder::create(fs::relative(folder.path()), true); }),
        "holds the working folder; --force does not replace it"));
  }
  fs::current_path(before);
  EXPECT_EQ(testing::get(folder / "recipe.toml"), "mine");
}

TEST(RunFolder, cannot_be_a_file_or_below_one) {
  testing::TemporaryFolder folder;
  testing::put(folder / "x", "");
  for (auto action : {+[](const fs::path& path) { RunFolder::create(path); },
                      +[](const fs::path& path) { RunFolder::resume(path); },
                      +[](const fs::path& path) { RunFolder::open(path); }})
    EXPECT_TRUE(ends_with(message_of<UserError>([&] { action(folder / "x"); }),
                          "x is a file, expected a folder"));
  EXPECT_TRUE(ends_with(message_of<SystemError>([&] { RunFolder::create(folder / "x" / "y"); }),
                        "x/y: Not a directory"));
}

TEST(RunFolder, says_that_it_cannot_be_made) {
  testing::TemporaryFolder folder;
  testing::Unprivileged nobody;
  EXPECT_EQ(message_of<SystemError>([&] { RunFolder::create(folder / "x"); }),
            "cannot create folder " + (folder / "x").string() + ": Permission denied");
}

TEST(RunFolder, is_written_by_one_process_at_a_time) {
  testing::TemporaryFolder folder;
  auto running = std::make_unique<RunFolder>(RunFolder::create(folder / "x"));
  testing::put(running->recipe_path(), "");
  for (auto action : {+[](const fs::path& path) { RunFolder::create(path, true); },
                      +[](const fs::path& path) { RunFolder::resume(path); }})
    EXPECT_TRUE(ends_with(message_of<UserError>([&] { action(folder / "x"); }),
                          "x: another process is writing this run; wait for it or stop it"));
  EXPECT_TRUE(RunFolder::open(folder / "x").has_recipe());
  running.reset();
  EXPECT_TRUE(RunFolder::resume(folder / "x").has_recipe());
}

TEST(RunFolder, resumed_is_kept_but_for_temporaries) {
  testing::TemporaryFolder folder;
  testing::put(folder / "recipe.toml", "old");
  testing::put(folder / ".summary.json.moestro-tmp-7-0", "half");
  RunFolder run = RunFolder::resume(folder.path());
  EXPECT_EQ(folder.entries(), 1);
  EXPECT_TRUE(run.has_recipe());
}

TEST(RunFolder, resumed_where_there_is_none_is_new) {
  testing::TemporaryFolder folder;
  EXPECT_FALSE(RunFolder::resume(folder / "x").has_recipe());
  EXPECT_TRUE(fs::is_directory(folder / "x"));
}

TEST(RunFolder, is_neither_resumed_nor_opened_where_something_else_is) {
  testing::TemporaryFolder folder;
  testing::put(folder / "x", "");
  for (auto action : {+[](const fs::path& path) { RunFolder::resume(path); },
                      +[](const fs::path& path) { RunFolder::open(path); }})
    EXPECT_TRUE(ends_with(message_of<UserError>([&] { action(folder.path()); }),
                          "is not a run folder: neither recipe.toml nor manifest.json is in it"));
  EXPECT_TRUE(ends_with(message_of<UserError>([&] { RunFolder::open(folder / "absent"); }),
                        "absent: no such run folder"));
  EXPECT_FALSE(fs::exists(folder / "absent"));
}

TEST(RunFolder, is_finished_when_its_manifest_says_so) {
  testing::TemporaryFolder folder;
  RunFolder run = RunFolder::create(folder / "x");
  Manifest manifest;
  manifest.seed = 5;
  run.write(manifest);
  EXPECT_FALSE(run.is_finished());
  manifest.status = RunStatus::finished;
  run.write(manifest);
  EXPECT_TRUE(RunFolder::open(folder / "x").is_finished());
  EXPECT_EQ(run.manifest().seed, 5);
}

TEST(RunFolder, has_the_name_of_its_folder_however_it_is_written) {
  testing::TemporaryFolder folder;
  EXPECT_EQ(RunFolder::create(folder / "x/").name(), "x");
  EXPECT_EQ(RunFolder::create(folder / "y/.").name(), "y");
  fs::path before = fs::current_path();
  fs::current_path(folder / "x");
  std::string name = RunFolder::resume(".").name();
  fs::current_path(before);
  EXPECT_EQ(name, "x");
}

}  // namespace
}  // namespace moestro
