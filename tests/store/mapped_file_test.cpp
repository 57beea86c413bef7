#include "moestro/store/mapped_file.h"

#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "moestro/store/atomic_file.h"
#include "store/temporary_folder.h"

namespace moestro {
namespace {

TEST(MappedFile, holds_the_bytes_of_the_file) {
  testing::TemporaryFolder folder;
  testing::put(folder / "x", std::string(10'000, 'x') + "end");
  MappedFile file(folder / "x");
  EXPECT_EQ(file.bytes(), std::string(10'000, 'x') + "end");
}

TEST(MappedFile, may_be_empty) {
  testing::TemporaryFolder folder;
  testing::put(folder / "x", "");
  EXPECT_TRUE(MappedFile(folder / "x").bytes().empty());
}

TEST(MappedFile, keeps_its_bytes_when_the_path_is_replaced) {
  testing::TemporaryFolder folder;
  testing::put(folder / "x", "old");
  MappedFile file(folder / "x");
  write_atomically(folder / "x", "new");
  EXPECT_EQ(file.bytes(), "old");
}

TEST(MappedFile, refuses_a_folder) {
  testing::TemporaryFolder folder;
  EXPECT_THROW(MappedFile(folder.path()), UserError);
}

}  // namespace
}  // namespace moestro
