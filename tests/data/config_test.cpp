#include "moestro/data/config.h"

#include <gtest/gtest.h>

#include "data/files_fixture.h"
#include "moestro/core/error.h"
#include "moestro/core/schema.h"

namespace moestro::testing {
namespace {

DataConfig parsed(const std::string& text) {
  DataConfig config;
  Schema schema;
  describe(schema, config);
  schema.parse_text("[data]\n" + text, "r.toml");
  schema.check_effects();
  return config;
}

std::string error_of(const std::string& text) {
  return thrown<UserError>([&] { parsed(text); });
}

TEST(DataConfig, every_kind_of_source_can_be_written) {
  EXPECT_EQ(parsed("name = \"mnist\"\nvalidation = 0").name, "mnist");
  EXPECT_EQ(parsed("path = \"a.csv\"\nformat = \"csv\"\ntarget = \"y\"\nseparator = \";\"").target,
            "y");
  EXPECT_EQ(parsed("path = \"a\"\nformat = \"safetensors\"\ninputs = \"x\"").inputs, "x");
  EXPECT_EQ(parsed("augment = [\"flip\", \"crop 4\"]").augment, (Strings{"flip", "crop 4"}));
}

TEST(DataConfig, the_resolved_section_reads_back_the_same) {
  DataConfig config, again;
  Schema schema, second;
  describe(schema, config);
  describe(second, again);
  schema.parse_text("[data]\npath = \"a.csv\"\nformat = \"csv\"\nmean = [0.5]\ndeviation = [2.0]",
                    "r.toml");
  second.parse_text(schema.to_toml(), "recipe.toml");
  second.check_effects();
  EXPECT_EQ(again, config);
}

TEST(DataConfig, keys_without_effect_are_refused) {
  EXPECT_TRUE(says(error_of("name = \"mnist\"\npath = \"a\"\nformat = \"idx\""),
                   {"data.name has no effect"}));
  EXPECT_TRUE(says(error_of("name = \"mnist\"\nformat = \"csv\""), {"data.format has no"}));
  EXPECT_TRUE(says(error_of("path = \"a\"\nformat = \"idx\"\nheader = \"no\""),
                   {"data.header has no effect"}));
  EXPECT_TRUE(says(error_of("path = \"a\"\nformat = \"csv\"\ninputs = \"x\""),
                   {"data.inputs has no effect"}));
}

TEST(DataConfig, texts_have_keys_of_their_own) {
  EXPECT_EQ(parsed("name = \"trec\"\nvocabulary = 500\ntokens = 4096").vocabulary, 500);
  EXPECT_EQ(parsed("path = \"a.tsv\"\nformat = \"tsv\"\ntext = [\"1\", \"2\"]\nencoding = "
                   "\"latin-1\"\nvalid_path = \"b\"\nheader = \"no\"\ntask = \"values\"")
                .text,
            (Strings{"1", "2"}));
  EXPECT_EQ(
      parsed("path = \"train\"\nformat = \"parallel\"\nlanguages = [\"en\", \"de\"]").languages,
      (Strings{"en", "de"}));
  EXPECT_TRUE(
      says(error_of("name = \"mnist\"\nvocabulary = 500"), {"data.vocabulary has no effect here"}));
  EXPECT_TRUE(says(error_of("name = \"trec\"\ntokenizer = \"t.model\"\nvocabulary = 500"),
                   {"data.vocabulary has no effect here"}));
  EXPECT_TRUE(says(error_of("path = \"a\"\nformat = \"lines\"\nlanguages = [\"en\", \"de\"]"),
                   {"data.languages has no effect here"}));
  EXPECT_TRUE(says(error_of("name = \"trec\"\nlongest = 2"), {"data.longest = 2; expected"}));
  EXPECT_TRUE(says(error_of("name = \"trec\"\nlongest = 65537"), {"at most 65536"}));
  EXPECT_TRUE(says(error_of("name = \"trec\"\nvocabulary = 1000001"), {"at most 1000000"}));
  EXPECT_TRUE(says(error_of("name = \"trec\"\ntokens = 100000001"), {"at most 100000000"}));
  EXPECT_TRUE(says(error_of("name = \"mr\"\nencoding = \"latin-1\""), {"has no effect"}));
}

TEST(DataConfig, a_step_is_counted_in_texts_or_in_tokens) {
  EXPECT_EQ(parsed("name = \"trec\"\nbatch = 64\ntokens = 0").batch, 64);
  EXPECT_EQ(parsed("name = \"mnist\"\nbatch = 64").batch, 64);
  EXPECT_TRUE(says(error_of("name = \"trec\"\nbatch = 64\ntokens = 4096"),
                   {"r.toml:3: data.batch has no effect here", "data.tokens is 0", "4096"}));
}

TEST(DataConfig, values_out_of_range_are_refused) {
  EXPECT_TRUE(says(error_of("name = \"mnits\""), {"did you mean \"mnist\"?"}));
  EXPECT_TRUE(says(error_of("validation = 1.0"), {"data.validation = 1.0; expected"}));
  EXPECT_TRUE(says(error_of("test = 0"), {"data.test"}));
  EXPECT_TRUE(says(error_of("batch = 0"), {"data.batch = 0"}));
  EXPECT_TRUE(says(error_of("label_noise = 1.0"), {"data.label_noise = 1.0; expected"}));
  EXPECT_TRUE(says(error_of("label_noise = -0.1"), {"data.label_noise = -0.1; expected"}));
  EXPECT_TRUE(says(error_of("deviation = [0.0]"), {"data.deviation"}));
}

}  // namespace
}  // namespace moestro::testing
