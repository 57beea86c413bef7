#include "moestro/core/schema.h"

#include <gtest/gtest.h>

#include "core/schema_fixture.h"

namespace moestro {
namespace {

using testing::kFine;
using testing::Numbers;
using testing::Texts;
using testing::thrown;

struct SchemaTest : ::testing::Test, testing::Recipe {};

TEST_F(SchemaTest, reads_every_type) {
  ASSERT_EQ(parse(R"([data]
path = "rows.csv"
header = false
batch = 0x20
[expert]
layers = ["conv 1 3",  # a comment
          "relu"]
[train]
rate = 1e-3
weights = [1, 0.5]
)"),
            kFine);
  EXPECT_EQ(path, "rows.csv");
  EXPECT_EQ(header, false);
  EXPECT_EQ(batch, 32);
  EXPECT_EQ(layers, (Texts{"conv 1 3", "relu"}));
  EXPECT_EQ(rate, 1e-3);
  EXPECT_EQ(weights, (Numbers{1, .5}));
  EXPECT_EQ(effects(), kFine);
}

TEST_F(SchemaTest, leaves_defaults_where_nothing_is_said) {
  EXPECT_EQ(parse(""), kFine);
  EXPECT_EQ(parse("[data]\n"), kFine);
  EXPECT_EQ(batch, 128);
  EXPECT_FALSE(schema.is_set("data.batch"));
}

TEST_F(SchemaTest, takes_dotted_keys_inline_tables_and_windows_line_ends) {
  EXPECT_EQ(parse("data.batch = 7\r\nexpert = {count = 2}\r\n"), kFine);
  EXPECT_EQ(batch, 7);
  EXPECT_EQ(count, 2);
  EXPECT_EQ(schema.where("expert.count"), "x.toml:2: expert.count");
}

TEST_F(SchemaTest, takes_an_integer_where_a_number_is_asked_but_not_the_reverse) {
  EXPECT_EQ(parse("[train]\nrate = 2\n"), kFine);
  EXPECT_EQ(rate, 2.);
  EXPECT_EQ(parse("[data]\nbatch = 2.0\n"),
            "x.toml:2: data.batch = 2.0; expected an integer, at least 1");
}

TEST_F(SchemaTest, takes_an_empty_list_of_either_kind) {
  EXPECT_EQ(parse("[train]\nweights = []\n[expert]\nlayers = []\n"), kFine);
  EXPECT_TRUE(layers.empty());
}

TEST_F(SchemaTest, says_where_a_key_was_set) {
  parse("[data]\n\nbatch = 7\n");
  EXPECT_EQ(schema.where("data.batch"), "x.toml:3: data.batch");
  set("data.batch=8");
  EXPECT_EQ(schema.where("data.batch"), "--set: data.batch");
  EXPECT_EQ(schema.where("data.path"), "data.path");
  schema.set("data.batch=9", "--batch");
  EXPECT_EQ(schema.where("data.batch"), "--batch: data.batch");
  EXPECT_EQ(batch, 9);
}

TEST_F(SchemaTest, refuses_a_wrong_type_at_its_line) {
  EXPECT_EQ(parse("[data]\n\nbatch = \"32\"\n"),
            "x.toml:3: data.batch = \"32\"; expected an integer, at least 1");
  EXPECT_EQ(parse("[data]\nbatch = [1, 2]\n"),
            "x.toml:2: data.batch = [1.0, 2.0]; expected an integer, at least 1");
  EXPECT_EQ(parse("[data]\nheader = 1\n"), "x.toml:2: data.header = 1; expected true or false");
  EXPECT_EQ(parse("[gate]\nkind = 3\n"),
            "x.toml:2: gate.kind = 3; expected a text, one of softmax, switch, topk");
  EXPECT_EQ(parse("[expert]\nlayers = \"relu\"\n"),
            "x.toml:2: expert.layers = \"relu\"; expected a list of texts");
  EXPECT_EQ(parse("[data]\nbatch = 1979-05-27\n"),
            "x.toml:2: data.batch is a date or time; expected an integer, at least 1");
  EXPECT_EQ(parse("[data.batch]\nsize = 3\n"),
            "x.toml:1: data.batch is a table; expected an integer, at least 1");
}

TEST_F(SchemaTest, refuses_lists_of_mixed_or_other_things) {
  EXPECT_EQ(parse("[expert]\nlayers = [\"relu\", 3]\n"),
            "x.toml:2: expert.layers mixes texts and numbers; expected a list of texts");
  for (const char* other : {"true", "[1]", "{a = 1}", "1979-05-27"})
    EXPECT_EQ(parse(fmt::format("[expert]\nlayers = [{}]\n", other)),
              "x.toml:2: expert.layers holds something that is neither text nor number; expected a "
              "list of texts");
}

TEST_F(SchemaTest, refuses_a_value_out_of_range_at_its_line) {
  EXPECT_EQ(parse("[train]\nrate = 10.0\n"),
            "x.toml:2: train.rate = 10.0; expected a number, above 0 and below 10");
  EXPECT_EQ(parse("[train]\nrate = nan\n"), "x.toml:2: train.rate = nan; expected a finite number");
  EXPECT_EQ(parse("[train]\nrate = -inf\n"),
            "x.toml:2: train.rate = -inf; expected a finite number");
  EXPECT_EQ(parse("[gate]\nkind = \"tokp\"\n"),
            "x.toml:2: gate.kind = \"tokp\"; expected one of softmax, switch, topk; did you mean "
            "\"topk\"?");
}

TEST_F(SchemaTest, suggests_the_key_that_was_meant) {
  EXPECT_EQ(parse("[expert]\ncuont = 4\n"),
            "x.toml:2: unknown key \"expert.cuont\"; did you mean \"expert.count\"?");
  EXPECT_EQ(parse("[expret]\ncount = 4\n"),
            "x.toml:2: unknown key \"expret.count\"; did you mean \"expert.count\"?");
}

TEST_F(SchemaTest, suggests_the_section_that_a_key_belongs_to) {
  EXPECT_EQ(parse("batch = 4\n"), "x.toml:1: unknown key \"batch\"; did you mean \"data.batch\"?");
  EXPECT_EQ(parse("[train]\nbatch = 4\n"),
            "x.toml:2: unknown key \"train.batch\"; did you mean \"data.batch\"?");
  EXPECT_EQ(parse("[mixture]\nlayers = []\n"),
            "x.toml:2: unknown key \"mixture.layers\"; did you mean \"expert.layers\" or "
            "\"gate.layers\"?");
}

TEST_F(SchemaTest, suggests_the_nearer_of_two_sections_with_that_key) {
  EXPECT_EQ(parse("[gaet]\nlayers = []\n"),
            "x.toml:2: unknown key \"gaet.layers\"; did you mean \"gate.layers\"?");
}

TEST_F(SchemaTest, lists_what_it_knows_when_nothing_is_near) {
  EXPECT_EQ(parse("[gate]\ntemperature = 1\n"),
            "x.toml:2: unknown key \"gate.temperature\"; [gate] has kind, k, layers");
  EXPECT_EQ(parse("[zebra]\nstripes = 1\n"),
            "x.toml:2: unknown key \"zebra.stripes\"; the sections are data, expert, gate, train");
}

TEST_F(SchemaTest, refuses_an_unknown_section_without_keys) {
  EXPECT_EQ(parse("\n[exprt]\n"), "x.toml:2: unknown key \"exprt\"; did you mean \"expert\"?");
}

TEST_F(SchemaTest, refuses_a_table_in_a_section) {
  EXPECT_EQ(parse("[data.csv]\nheader = true\n"),
            "x.toml:1: unknown key \"data.csv\"; [data] has path, format, header, name, batch");
}

TEST_F(SchemaTest, refuses_a_section_that_is_not_a_table) {
  EXPECT_EQ(
      parse("gate = 3\n"),
      "x.toml:1: \"gate\" is a section, not a key; expected one of its keys: kind, k, layers");
  EXPECT_EQ(parse("\n[[gate]]\nk = 1\n"), "x.toml:2: [[gate]]; expected [gate], once");
}

TEST_F(SchemaTest, tells_the_line_of_invalid_toml) {
  EXPECT_EQ(parse("[data]\nbatch 3\n"),
            "x.toml:2: not valid TOML: key-value pair: expected '=', saw '3'");
  EXPECT_EQ(
      parse("[gate]\nkind = switch\n"),
      "x.toml:2: not valid TOML: value: could not determine value type (a text needs quotes)");
  EXPECT_EQ(parse("[data]\nbatch = 1\n\nbatch = 2\n"),
            "x.toml:4: not valid TOML: key-value pair: cannot redefine existing integer 'batch'");
  EXPECT_EQ(parse("[data]\n[gate]\n[data]\n"),
            "x.toml:3: not valid TOML: table header: cannot redefine existing table 'data'");
  EXPECT_TRUE(parse("[data]\npath = \"\xff\"\n").starts_with("x.toml:2: not valid TOML: "));
}

TEST_F(SchemaTest, assigns_nothing_after_an_error) {
  parse("[data]\nbatch = 3\nbtch = 4\n[expert]\ncount = 9\n");
  EXPECT_EQ(count, 4);
}

TEST_F(SchemaTest, refuses_a_file_that_is_not_there) {
  EXPECT_EQ(thrown<UserError>([&] { schema.parse_file("no/such.toml"); }),
            "no/such.toml: no such file; expected a recipe in TOML");
  EXPECT_EQ(thrown<UserError>([&] { schema.parse_file("/"); }),
            "/: a folder; expected a recipe in TOML");
}

TEST_F(SchemaTest, reads_a_file_and_names_it_in_errors) {
  const std::string file = ::testing::TempDir() + "moestro_schema_test.toml";
  std::FILE* out = std::fopen(file.c_str(), "w");
  std::fputs("[data]\nbatch = 3\nbtach = 4\n", out);
  std::fclose(out);
  EXPECT_EQ(thrown<UserError>([&] { schema.parse_file(file); }),
            file + ":3: unknown key \"data.btach\"; did you mean \"data.batch\"?");
  std::remove(file.c_str());
}

TEST_F(SchemaTest, refuses_keys_without_effect) {
  EXPECT_EQ(effects(), kFine);
  parse("[gate]\nk = 3\n");
  EXPECT_EQ(effects(),
            "x.toml:2: gate.k has no effect here; it is used where gate.kind is topk, and that is "
            "\"softmax\"");
  set("gate.kind=topk");
  EXPECT_EQ(effects(), kFine);
}

TEST_F(SchemaTest, refuses_a_key_without_effect_even_at_its_default) {
  set("gate.k=2");
  EXPECT_EQ(effects(),
            "--set: gate.k has no effect here; it is used where gate.kind is topk, and that is "
            "\"softmax\"");
}

TEST_F(SchemaTest, refuses_a_key_whose_condition_has_no_effect_itself) {
  set("data.header=false");  // data.format is csv by default, but there is no data.path
  EXPECT_EQ(effects(),
            "--set: data.header has no effect here; it is used where data.path is set, and that is "
            "\"\"");
  set("data.path=rows.csv");
  EXPECT_EQ(effects(), kFine);
}

struct AnyOfTwo : ::testing::Test {
  AnyOfTwo() {
    Section& loss = schema.section("loss", "");
    loss.field("on", on, "");
    loss.field("same", same, "").only_when("loss.on", {"true"});
    loss.field("different", different, "").only_when("loss.on", {"true"});
    loss.field("form", form, "of both").only_when_any({"loss.same", "loss.different"}, {"*"});
    schema.set("loss.form=b");
  }
  std::string effects() {
    return thrown<UserError>([&] { schema.check_effects(); });
  }

  bool on = true;
  double same = 0, different = 0;
  std::string form = "a";
  Schema schema;
};

TEST_F(AnyOfTwo, keys_without_effect_are_forgotten_and_what_hangs_on_them) {
  schema.set("loss.same=1");
  schema.forget_without_effect();
  EXPECT_TRUE(schema.is_set("loss.same") && schema.is_set("loss.form"));
  schema.set("loss.on=false");
  schema.forget_without_effect();
  EXPECT_FALSE(schema.is_set("loss.same") || schema.is_set("loss.form"));
  EXPECT_EQ(same, 0);
  EXPECT_EQ(form, "a");
}

TEST_F(AnyOfTwo, keys_serve_as_a_condition) {
  EXPECT_EQ(effects(),
            "--set: loss.form has no effect here; it is used where loss.same or loss.different is "
            "set, and they are 0.0 and 0.0");
  for (const char* key : {"loss.same", "loss.different"}) {
    schema.set(std::string(key) + "=1");
    EXPECT_EQ(effects(), kFine);
    schema.set(std::string(key) + "=");
  }
  EXPECT_NE(schema.to_markdown().find("of both (where loss.same or loss.different is set)"),
            std::string::npos);
}

TEST_F(AnyOfTwo, keys_without_effect_are_no_condition) {
  different = 1;
  schema.set("loss.on=false");
  EXPECT_EQ(effects(),
            "--set: loss.form has no effect here; it is used where loss.on is true, and that is "
            "false");
}

TEST_F(SchemaTest, refuses_contradictory_keys) {
  parse("[data]\nname = \"digits\"\npath = \"rows.csv\"\n");
  EXPECT_EQ(effects(),
            "x.toml:2: data.name has no effect here; it is used where data.path is empty, and that "
            "is \"rows.csv\"");
}

TEST(Schema, refuses_a_section_or_key_bound_twice) {
  Schema schema;
  int64_t batch = 1;
  Section& data = schema.section("data", "");
  data.field("batch", batch, "");
  EXPECT_THROW(data.field("batch", batch, ""), InternalError);
  EXPECT_THROW(schema.section("data", ""), InternalError);
}

TEST(Schema, finds_only_keys_that_exist) {
  Schema schema;
  EXPECT_THROW(schema.find("data.batch"), InternalError);
}

}  // namespace
}  // namespace moestro
