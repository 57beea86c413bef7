#include "moestro/store/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "moestro/core/error.h"
#include "store/expect_error.h"
#include "store/temporary_folder.h"

namespace moestro {
namespace {

using testing::ends_with;
using testing::message_of;

TEST(File, that_is_missing_is_the_users_error) {
  testing::TemporaryFolder folder;
  EXPECT_TRUE(ends_with(message_of<UserError>([&] { File::open(folder / "absent"); }),
                        "absent: no such file"));
}

TEST(File, opens_neither_folders_nor_pipes) {
  testing::TemporaryFolder folder;
  EXPECT_TRUE(
      ends_with(message_of<UserError>([&] { File::open(folder.path()); }), ": not a regular file"));
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_TRUE(ends_with(message_of<UserError>([&] { File::open(folder / "pipe"); }),
                        "pipe: not a regular file"));
}

TEST(File, says_that_the_disk_is_full) {
  File full = File::append("/dev/full");
  EXPECT_EQ(message_of<SystemError>([&] { full.write("x"); }),
            "cannot write /dev/full: No space left on device");
}

TEST(File, says_that_the_folder_is_not_writable) {
  testing::TemporaryFolder folder;
  testing::Unprivileged nobody;
  EXPECT_TRUE(ends_with(message_of<SystemError>([&] { File::append(folder / "x"); }),
                        "x: Permission denied"));
}

TEST(File, appends_and_reads_back_every_byte) {
  testing::TemporaryFolder folder;
  std::string bytes(200'000, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7);
  File::append(folder / "x").write(bytes.substr(0, 70'000));
  File::append(folder / "x").write(bytes.substr(70'000));
  EXPECT_EQ(read_file(folder / "x"), bytes);
  EXPECT_EQ(File::open(folder / "x").size(), bytes.size());
}

TEST(File, is_locked_by_one_holder_at_a_time) {
  testing::TemporaryFolder folder;
  File second = File::folder(folder.path());
  {
    File first = File::folder(folder.path());
    EXPECT_TRUE(first.try_lock());
    EXPECT_FALSE(second.try_lock());
  }
  EXPECT_TRUE(second.try_lock());
}

TEST(RemoveTemporaries, leaves_all_other_files) {
  testing::TemporaryFolder folder;
  testing::put(folder / "kept", "");
  testing::put(folder / ".hidden", "");
  File left_over = File::temporary_beside(folder / "kept");
  EXPECT_TRUE(is_temporary(left_over.path()));
  EXPECT_EQ(folder.entries(), 3);
  remove_temporaries(folder.path());
  EXPECT_EQ(folder.entries(), 2);
  EXPECT_FALSE(std::filesystem::exists(left_over.path()));
  remove_temporaries(folder / "absent");
}

}  // namespace
}  // namespace moestro
