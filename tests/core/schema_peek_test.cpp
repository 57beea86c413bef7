#include "moestro/core/schema_peek.h"

#include <gtest/gtest.h>

#include "store/temporary_folder.h"

namespace moestro {
namespace {

class SchemaPeek : public ::testing::Test {
 protected:
  std::filesystem::path file(const std::string& text) const {
    testing::put(folder_ / "x.toml", text);
    return folder_ / "x.toml";
  }
  testing::TemporaryFolder folder_;
};

TEST_F(SchemaPeek, sees_sections_however_they_are_written) {
  EXPECT_TRUE(has_section(file("[stream]\n"), "stream"));
  EXPECT_TRUE(has_section(file("stream.steps = 3\n"), "stream"));
  EXPECT_FALSE(has_section(file("# [stream]\n[data]\nname = \"[stream]\"\n"), "stream"));
}

TEST_F(SchemaPeek, reads_texts) {
  EXPECT_EQ(text_at(file("[study]\nrecipe = \"a.toml\"\n"), "study.recipe"), "a.toml");
  EXPECT_EQ(text_at(file("[study]\nrecipe = 3\n"), "study.recipe"), "");
  EXPECT_EQ(text_at(file("[data]\nname = \"x\"\n"), "study.recipe"), "");
}

TEST_F(SchemaPeek, says_nothing_of_what_cannot_be_read) {
  for (const std::filesystem::path& path :
       {file("[stream\nx"), folder_ / "gone.toml", folder_.path()}) {
    EXPECT_FALSE(has_section(path, "stream")) << path;
    EXPECT_EQ(text_at(path, "study.recipe"), "") << path;
  }
}

}  // namespace
}  // namespace moestro
