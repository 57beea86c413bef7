#include "moestro/data/idx.h"

#include <gtest/gtest.h>

#include "data/files_fixture.h"
#include "moestro/core/error.h"

namespace moestro::testing {
namespace {

class Idx : public ::testing::Test {
 protected:
  std::string error_of(const std::string& bytes) {
    put(folder_ / "file", bytes);
    return thrown<UserError>([&] { read_idx(folder_ / "file"); });
  }

  TemporaryFolder folder_;
};

TEST_F(Idx, values_and_shape_come_back_raw_and_packed) {
  const std::string bytes = idx_bytes({2, 2, 3}, "abcdefghijkl");
  for (const std::string& content : {bytes, gzipped(bytes)}) {
    put(folder_ / "file", content);
    const Tensor values = read_idx(folder_ / "file");
    EXPECT_EQ(values.sizes(), at::IntArrayRef({2, 2, 3}));
    EXPECT_EQ(std::string(static_cast<const char*>(values.data_ptr()), 12), "abcdefghijkl");
    EXPECT_EQ(read_idx_images(folder_ / "file").sizes(), at::IntArrayRef({2, 1, 2, 3}));
  }
}

TEST_F(Idx, a_missing_file_is_named) {
  EXPECT_TRUE(
      says(thrown<UserError>([&] { read_idx(folder_ / "none"); }), {"none", "no such file"}));
  EXPECT_TRUE(says(thrown<UserError>([&] { read_idx(folder_.path()); }), {"is a folder"}));
}

TEST_F(Idx, another_magic_is_refused) {
  EXPECT_TRUE(says(error_of("PK\3\4abcdefgh"), {"begins with the bytes 50 4b 03 04"}));
  EXPECT_TRUE(says(error_of(std::string("\0\0\x0d\1\0\0\0\1abcd", 12)), {"type 0x0d"}));
  EXPECT_TRUE(says(error_of(std::string("\0\0\x08\5", 4)), {"5 dimensions"}));
  EXPECT_TRUE(says(error_of(std::string("\0\0", 2)), {"truncated: 2 bytes"}));
}

TEST_F(Idx, a_truncated_file_is_refused_raw_and_packed) {
  const std::string cut = idx_bytes({2, 2, 3}, "abcdefghijk");
  EXPECT_TRUE(says(error_of(cut), {"truncated", "2x2x3"}));
  EXPECT_TRUE(says(error_of(gzipped(cut)), {"truncated: 11 of the 12 bytes"}));
  EXPECT_TRUE(says(error_of(idx_bytes({2, 2, 3}, "").substr(0, 10)), {"before size 2 of 3"}));
}

TEST_F(Idx, a_header_that_claims_more_than_memory_is_refused_before_allocating) {
  EXPECT_TRUE(says(error_of(idx_bytes({~0u, ~0u, ~0u, ~0u}, "abc")), {"more bytes than"}));
}

TEST_F(Idx, bytes_behind_the_last_element_and_empty_sets_are_refused) {
  EXPECT_TRUE(says(error_of(idx_bytes({2, 2}, "abcde")), {"bytes after the 4"}));
  EXPECT_TRUE(says(error_of(idx_bytes({0, 2}, "")), {"0x2; it is empty"}));
}

TEST_F(Idx, a_damaged_or_cut_gzip_file_is_refused) {
  std::string packed = gzipped(idx_bytes({40, 40}, std::string(1600, 'x')));
  EXPECT_TRUE(says(error_of(packed.substr(0, packed.size() - 8)), {"truncated"}));
  packed[packed.size() - 6] = static_cast<char>(~packed[packed.size() - 6]);  // the checksum
  EXPECT_TRUE(says(error_of(packed), {"damaged gzip file"}));
}

TEST_F(Idx, a_set_needs_a_label_for_each_image_within_the_classes) {
  put(folder_ / "images", idx_bytes({3, 1, 1}, "abc"));
  put(folder_ / "labels", idx_bytes({2}, std::string("\1\2", 2)));
  const auto read = [&](int64_t classes) {
    return thrown<UserError>(
        [&] { read_idx_set(folder_ / "images", folder_ / "labels", classes); });
  };
  EXPECT_TRUE(says(read(3), {"2 labels; expected 3", "images"}));
  put(folder_ / "labels", idx_bytes({3}, std::string("\1\2\0", 3)));
  EXPECT_EQ(read_idx_set(folder_ / "images", folder_ / "labels").classes, 3);
  EXPECT_TRUE(says(read(2), {"label 2 of row 1 (counted from 0); expected 0 to 1"}));
}

}  // namespace
}  // namespace moestro::testing
