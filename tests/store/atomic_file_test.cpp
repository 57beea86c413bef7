#include "moestro/store/atomic_file.h"

#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "store/expect_error.h"
#include "store/limited_file_size.h"
#include "store/temporary_folder.h"

namespace moestro {
namespace {

using testing::ends_with;
using testing::message_of;

TEST(AtomicFile, appears_only_when_committed) {
  testing::TemporaryFolder folder;
  AtomicFile file(folder / "x");
  file.write("whole");
  EXPECT_FALSE(std::filesystem::exists(folder / "x"));
  file.commit();
  EXPECT_EQ(testing::get(folder / "x"), "whole");
  EXPECT_EQ(folder.entries(), 1);
}

TEST(AtomicFile, leaves_nothing_without_commit) {
  testing::TemporaryFolder folder;
  testing::put(folder / "x", "old");
  {
    AtomicFile file(folder / "x");
    file.write("new");
  }
  EXPECT_EQ(testing::get(folder / "x"), "old");
  EXPECT_EQ(folder.entries(), 1);
}

TEST(AtomicFile, replaces_at_once) {
  testing::TemporaryFolder folder;
  write_atomically(folder / "x", "old");
  write_atomically(folder / "x", "new");
  EXPECT_EQ(testing::get(folder / "x"), "new");
  EXPECT_EQ(folder.entries(), 1);
}

TEST(AtomicFile, keeps_the_old_content_on_a_full_disk) {
  testing::TemporaryFolder folder;
  testing::put(folder / "x", "old");
  testing::LimitedFileSize limit(1000);
  EXPECT_TRUE(ends_with(
      message_of<SystemError>([&] { write_atomically(folder / "x", std::string(5000, 'n')); }),
      ": File too large"));
  EXPECT_EQ(testing::get(folder / "x"), "old");
  EXPECT_EQ(folder.entries(), 1);
}

TEST(AtomicFile, names_the_path_and_the_reason_where_it_cannot_write) {
  testing::TemporaryFolder folder;
  testing::put(folder / "file", "");
  auto error = [&](const std::filesystem::path& path) {
    return message_of<SystemError>([&] { write_atomically(path, "x"); });
  };
  EXPECT_EQ(error(folder / "file" / "x"),
            "cannot write " + (folder / "file" / "x").string() + ": Not a directory");
  EXPECT_TRUE(ends_with(error(folder / "absent" / "x"), "absent/x: No such file or directory"));
  std::filesystem::create_directory(folder / "folder");
  EXPECT_TRUE(ends_with(error(folder / "folder"), "folder: Is a directory"));
  testing::Unprivileged nobody;
  EXPECT_TRUE(ends_with(error(folder / "x"), "x: Permission denied"));
}

TEST(AtomicFile, writes_into_the_working_folder) {
  testing::TemporaryFolder folder;
  std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  write_atomically("x", "here");
  std::filesystem::current_path(before);
  EXPECT_EQ(testing::get(folder / "x"), "here");
}

}  // namespace
}  // namespace moestro
