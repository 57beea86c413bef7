#include "moestro/core/schema.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "core/schema_fixture.h"

namespace moestro {
namespace {

using testing::kFine;
using testing::Recipe;

struct SchemaOutput : ::testing::Test, testing::Recipe {};

TEST_F(SchemaOutput, to_toml_is_complete_and_leaves_out_keys_without_effect) {
  EXPECT_EQ(schema.to_toml(), R"([data]
path = ""
name = "digits"
batch = 128

[expert]
count = 4
layers = ["linear 64", "relu"]

[gate]
kind = "softmax"
layers = []

[train]
rate = 0.1
weights = []
)");
  set("gate.kind=topk");
  set("data.path=rows.csv");
  const std::string toml = schema.to_toml();
  EXPECT_NE(toml.find("\nk = 2\n"), std::string::npos) << toml;
  EXPECT_NE(toml.find("\nheader = true\n"), std::string::npos) << toml;
  EXPECT_EQ(toml.find("\nname ="), std::string::npos) << toml;
}

TEST_F(SchemaOutput, to_toml_leaves_out_a_section_without_effect) {
  Schema schema;
  bool on = false;
  int64_t width = 3;
  schema.section("student", "").field("on", on, "");
  schema.section("extra", "").field("width", width, "").only_when("student.on", {"true"});
  EXPECT_EQ(schema.to_toml(), "[student]\non = false\n");
}

std::string every_control_character() {
  std::string text = "\x7f";
  for (char c = 0; c < ' '; ++c) text += c;
  return text;
}

TEST_F(SchemaOutput, to_toml_brings_back_any_text) {
  for (const std::string& text :
       {std::string("say \"hi\""), std::string("C:\\temp\\new"), std::string("two\nlines\r\n"),
        std::string("tab\there"), every_control_character(), std::string("Zürich 日本 🎼"),
        std::string("it's # no comment"), std::string("\"\"\""), std::string(" "),
        std::string("trailing \\")}) {
    path = text;
    layers = {text, "relu", text};
    Recipe back;
    ASSERT_EQ(back.parse(schema.to_toml()), kFine) << schema.to_toml();
    EXPECT_EQ(back.path, text);
    EXPECT_EQ(back.layers, layers);
    EXPECT_EQ(back.effects(), kFine);
  }
}

TEST_F(SchemaOutput, to_toml_brings_back_any_number_exactly) {
  for (const double number : {1. / 3, 1e-5, 1e-300, 5e-324, 7., 1e22, 123456789.123, -0.,
                              std::numeric_limits<double>::max()}) {
    weights = {number, -number};
    rate = number > 0 && number < 10 ? number : 1;
    Recipe back;
    ASSERT_EQ(back.parse(schema.to_toml()), kFine) << schema.to_toml();
    EXPECT_EQ(back.weights, weights);
    EXPECT_EQ(std::signbit(back.weights[0]), std::signbit(number));
    EXPECT_EQ(back.rate, rate);
  }
  batch = std::numeric_limits<int64_t>::max();
  Recipe back;
  ASSERT_EQ(back.parse(schema.to_toml()), kFine);
  EXPECT_EQ(back.batch, batch);
}

TEST_F(SchemaOutput, to_toml_of_what_it_wrote_is_the_same) {
  set("gate.kind=topk");
  set("data.path=rows.csv");
  set("data.header=false");
  Recipe back;
  back.parse(schema.to_toml());
  EXPECT_EQ(back.schema.to_toml(), schema.to_toml());
}

TEST_F(SchemaOutput, to_markdown_has_a_table_a_section_and_a_row_a_key) {
  const std::string page = schema.to_markdown();
  EXPECT_TRUE(
      page.starts_with("\n## [data]\nWhere samples come from.\n\n"
                       "| key | type | default | allowed | meaning |\n"
                       "|---|---|---|---|---|\n"
                       "| `data.path` | text | `\"\"` |  | an own set |\n"))
      << page;
  for (const char* row :
       {"| `data.batch` | integer | `128` | at least 1 | rows in one step |\n",
        "| `data.name` | text | `\"digits\"` |  | a known set (where data.path is empty) |\n",
        "| `data.format` | text | `\"csv\"` | one of idx, csv | what data.path holds (where "
        "data.path is set) |\n",
        "| `gate.k` | integer | `2` | at least 1 | chosen (where gate.kind is topk) |\n",
        "| `train.rate` | number | `0.1` | above 0 and below 10 | of learning |\n"})
    EXPECT_NE(page.find(row), std::string::npos) << row << page;
}

TEST_F(SchemaOutput, to_markdown_escapes_what_would_end_a_cell) {
  EXPECT_NE(schema.to_markdown().find("a first row \\| or none"), std::string::npos);
}

TEST_F(SchemaOutput, to_markdown_shows_defaults_not_values) {
  const std::string before = schema.to_markdown();
  set("data.batch=3");
  EXPECT_EQ(schema.to_markdown(), before);
}

}  // namespace
}  // namespace moestro
