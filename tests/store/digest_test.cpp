#include "moestro/store/digest.h"

#include <gtest/gtest.h>

#include "store/temporary_folder.h"

namespace moestro {
namespace {

// NIST, "Examples with intermediate values", SHA-256.
TEST(Sha256, agrees_with_the_vectors_of_nist) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256_hex("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno"
                       "ijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu"),
            "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
  EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, does_not_depend_on_how_the_bytes_were_cut) {
  std::string text(300, 'x');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * i);
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    Sha256 digest;
    digest.update(text.substr(0, cut));
    digest.hex();
    digest.update(text.substr(cut));
    EXPECT_EQ(digest.hex(), sha256_hex(text)) << cut;
  }
}

TEST(Digest, lies_beside_its_file_in_the_format_of_sha256sum) {
  testing::TemporaryFolder folder;
  testing::put(folder / "x", "abc");
  write_digest(folder / "x", sha256_of_file(folder / "x"));
  EXPECT_EQ(testing::get(folder / "x.sha256"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  x\n");
  EXPECT_TRUE(verify_digest(folder / "x"));
}

TEST(Digest, does_not_agree_with_a_changed_or_missing_file) {
  testing::TemporaryFolder folder;
  testing::put(folder / "x", "abc");
  EXPECT_FALSE(verify_digest(folder / "x"));
  write_digest(folder / "x", sha256_hex("abc"));
  EXPECT_TRUE(verify_digest(folder / "x"));
  testing::put(folder / "x", "abd");
  EXPECT_FALSE(verify_digest(folder / "x"));
  testing::put(folder / "x", "abc");
  testing::put(folder / "x.sha256", "");
  EXPECT_FALSE(verify_digest(folder / "x"));
  EXPECT_FALSE(verify_digest(folder / "absent"));
}

}  // namespace
}  // namespace moestro
