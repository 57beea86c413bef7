#include "moestro/core/schema.h"

#include <gtest/gtest.h>

#include "core/schema_fixture.h"

namespace moestro {
namespace {

using testing::kFine;
using testing::Numbers;
using testing::Texts;

struct SchemaSet : ::testing::Test, testing::Recipe {};

TEST_F(SchemaSet, takes_every_type) {
  EXPECT_EQ(set("data.header=false"), kFine);
  EXPECT_EQ(set("data.batch=256"), kFine);
  EXPECT_EQ(set("train.rate=.25"), kFine);
  EXPECT_EQ(rate, .25);
  EXPECT_EQ(set("train.rate=1"), kFine);
  EXPECT_EQ(set("gate.kind=switch"), kFine);
  EXPECT_EQ(set("expert.layers=[\"linear 8\", 'relu']"), kFine);
  EXPECT_EQ(set("train.weights=[1, .5e0]"),
            "--set: train.weights = [1, .5e0]; expected a list of numbers");
  EXPECT_EQ(set("train.weights=[1, 0.5]"), kFine);
  EXPECT_EQ(header, false);
  EXPECT_EQ(batch, 256);
  EXPECT_EQ(rate, 1.);
  EXPECT_EQ(kind, "switch");
  EXPECT_EQ(layers, (Texts{"linear 8", "relu"}));
  EXPECT_EQ(weights, (Numbers{1, .5}));
}

TEST_F(SchemaSet, takes_texts_with_and_without_quotes) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"data.path=a b=c.csv", "a b=c.csv"},
      {"data.path=\"a\\tb\"", "a\tb"},
      {"data.path='a\\tb'", "a\\tb"},
      {"data.path=C:\\new", "C:\\new"},
      {"data.path=it's", "it's"},
      {"data.path=3", "3"},
      {"data.path=true", "true"},
      {"data.path=[x]", "[x]"},
      {"data.path=a # b", "a # b"},
      {"data.path=ä日", "ä日"},
      {"data.path=", ""},
      {"data.path=\"\"", ""}};
  for (const auto& [assignment, expected] : cases) {
    path = "before";
    EXPECT_EQ(set(assignment), kFine) << assignment;
    EXPECT_EQ(path, expected) << assignment;
  }
}

TEST_F(SchemaSet, ignores_spaces_around_key_and_value) {
  EXPECT_EQ(set(" data.batch = 3 "), kFine);
  EXPECT_EQ(batch, 3);
  EXPECT_EQ(set("data.path = a b "), kFine);
  EXPECT_EQ(path, "a b");
}

TEST_F(SchemaSet, refuses_what_is_not_an_assignment) {
  for (const char* assignment : {"data.batch", "=3", ""})
    EXPECT_EQ(set(assignment),
              fmt::format("--set: \"{}\"; expected key=value, as in data.batch=256", assignment));
}

TEST_F(SchemaSet, refuses_unknown_keys_wrong_types_and_ranges) {
  EXPECT_EQ(set("data.btach=3"), "--set: unknown key \"data.btach\"; did you mean \"data.batch\"?");
  EXPECT_EQ(set("data=3"),
            "--set: \"data\" is a section, not a key; expected one of its keys: path, format, "
            "header, name, batch");
  EXPECT_EQ(set("data.batch=abc"), "--set: data.batch = abc; expected an integer, at least 1");
  EXPECT_EQ(set("data.batch=\"3\""), "--set: data.batch = \"3\"; expected an integer, at least 1");
  EXPECT_EQ(set("data.batch=0"), "--set: data.batch = 0; expected an integer, at least 1");
  EXPECT_EQ(set("gate.kind=swtich"),
            "--set: gate.kind = \"swtich\"; expected one of softmax, switch, topk; did you mean "
            "\"switch\"?");
  EXPECT_EQ(set("data.path=\"open"), "--set: data.path = \"open; expected a text");
  EXPECT_EQ(set("data.path=\xff"), "--set: data.path = \xff; expected UTF-8");
}

TEST_F(SchemaSet, shows_how_a_list_of_texts_is_quoted) {
  EXPECT_EQ(set("expert.layers=[linear 8, relu]"),
            "--set: expert.layers = [linear 8, relu]; expected a list of texts, as in "
            "'expert.layers=[\"a\", \"b\"]'");
}

TEST_F(SchemaSet, takes_one_value_and_nothing_behind_it) {
  EXPECT_EQ(set("data.batch=3\ncount = 4"),
            "--set: data.batch = 3\ncount = 4; expected an integer, at least 1");
  EXPECT_EQ(batch, 128);
}

TEST_F(SchemaSet, with_nothing_behind_the_equals_sign_takes_the_default_back) {
  EXPECT_EQ(set("data.batch=3"), kFine);
  EXPECT_EQ(set("data.batch="), kFine);
  EXPECT_EQ(batch, 128);
  EXPECT_FALSE(schema.is_set("data.batch"));
}

}  // namespace
}  // namespace moestro
