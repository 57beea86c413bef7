#include "moestro/core/schema_keys.h"

#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "store/temporary_folder.h"
#include "thrown.h"

namespace moestro::testing {
namespace {

using Keys = std::vector<std::string>;

Keys keys_of(const std::string& toml) {
  TemporaryFolder folder;
  put(folder / "x.toml", toml);
  return section_keys(folder / "x.toml", "prompts");
}

TEST(SectionKeys, are_those_of_one_section_in_the_order_of_the_file) {
  EXPECT_EQ(keys_of("[data]\nname = \"x\"\n[prompts]\nb = 1\n\"a.c\" = []\na = \"x\"\n"),
            (Keys{"b", "a.c", "a"}));
  EXPECT_EQ(keys_of("[prompts]\n"), Keys{});
  EXPECT_EQ(keys_of("[data]\nname = \"x\"\n"), Keys{});
}

TEST(SectionKeys, of_files_that_the_schema_refuses_there_are_none) {
  EXPECT_EQ(keys_of("[prompts]\na = \n"), Keys{});
  EXPECT_EQ(keys_of("prompts = 3\n"), Keys{});
  EXPECT_EQ(keys_of("[[prompts]]\na = 3\n"), Keys{});
  TemporaryFolder folder;
  EXPECT_EQ(section_keys(folder / "none.toml", "prompts"), Keys{});
  EXPECT_EQ(section_keys(folder.path(), "prompts"), Keys{});
}

TEST(SectionKeys, a_name_with_dots_needs_quotes) {
  const std::string message = thrown<UserError>([] { keys_of("[prompts]\nsci.med = \"x\"\n"); });
  EXPECT_TRUE(
      message.ends_with("x.toml:2: prompts.sci is a table; expected a value (a name with "
                        "dots needs quotes)"))
      << message;
}

}  // namespace
}  // namespace moestro::testing
