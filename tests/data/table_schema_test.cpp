#include "moestro/data/table_schema.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "data/files_fixture.h"
#include "moestro/core/error.h"
#include "moestro/core/log.h"
#include "moestro/data/csv.h"

namespace moestro::testing {
namespace {

using Kind = TableColumn::Kind;

constexpr const char* kPeople =
    "age,job,height,y\n"
    "30,clerk,1.8,yes\n"
    "?,smith,1.7,no\n"
    "50,,1.6,yes\n"
    "20,clerk,1.9,no\n";

TableSchema schema_of(const std::string& text, const TableOptions& options = {}) {
  set_log_level(LogLevel::quiet);
  CsvOptions csv;
  csv.header = "yes";
  return find_table_schema(CsvTable::parse(text, "t.csv", csv), options);
}

std::string error_of(const std::string& text, const TableOptions& options = {}) {
  return thrown<UserError>([&] { schema_of(text, options); });
}

TEST(TableSchema, kinds_categories_and_gaps_are_found) {
  const TableSchema schema = schema_of(kPeople);
  ASSERT_EQ(schema.columns.size(), 3u);
  EXPECT_EQ(schema.columns[0].kind, Kind::numeric);
  EXPECT_TRUE(schema.columns[0].missing);
  EXPECT_EQ(schema.columns[1].kind, Kind::categorical);
  EXPECT_EQ(schema.columns[1].categories, (Strings{"clerk", "smith"}));
  EXPECT_FALSE(schema.columns[2].missing);
  EXPECT_EQ(schema.target, "y");
  EXPECT_EQ(schema.class_names, (Strings{"no", "yes"}));
  EXPECT_EQ(schema.width(), 2 + 3 + 1);
  EXPECT_EQ(schema.input_names(),
            (Strings{"age", "age missing", "job = clerk", "job = smith", "job missing", "height"}));
}

TEST(TableSchema, one_text_makes_a_column_categorical) {
  const TableSchema schema = schema_of("a,y\n1,0\n2,1\nx,0\n2,1\n");
  EXPECT_EQ(schema.columns[0].categories, (Strings{"1", "2", "x"}));
}

TEST(TableSchema, the_task_follows_the_target_unless_it_is_said) {
  EXPECT_EQ(schema_of("a,y\n1,10\n2,9\n3,10\n").class_names, (Strings{"9", "10"}));
  EXPECT_TRUE(schema_of("a,y\n1,.5\n2,9\n").class_names.empty());
  std::string many = "a,y\n";
  for (int i = 0; i < 51; ++i) many += fmt::format("1,{}\n", i);
  EXPECT_TRUE(schema_of(many).class_names.empty());
  TableOptions options;
  options.task = "classes";
  EXPECT_EQ(schema_of(many, options).class_names.size(), 51u);
  options.task = "values";
  EXPECT_TRUE(schema_of("a,y\n1,10\n2,9\n", options).class_names.empty());
}

TEST(TableSchema, the_target_and_ignored_columns_are_no_inputs) {
  TableOptions options;
  options.target = "1";
  options.ignore = {"height", "2"};
  const TableSchema schema = schema_of("y,id,height,age\na,1,2,3\nb,2,3,4\n", options);
  ASSERT_EQ(schema.columns.size(), 1u);
  EXPECT_EQ(schema.columns[0].name, "age");
  EXPECT_EQ(schema.columns[0].position, 3);
}

TEST(TableSchema, what_no_network_can_use_is_refused) {
  EXPECT_TRUE(says(error_of("a,b,y\n1,?,0\n2,NA,1\n"),
                   {"column \"b\" is missing in every row; name it in data.ignore"}));
  EXPECT_TRUE(says(error_of("a,y\n1,yes\n2,?\n"),
                   {"t.csv:3: column \"y\": the target is missing (\"?\")"}));
  EXPECT_TRUE(says(error_of("a,y\n1,yes\n2,yes\n"), {"yes in every row"}));
  EXPECT_TRUE(says(error_of("y\n1\n2\n"), {"no input columns"}));
  std::string texts = "a,y\n";
  for (int i = 0; i < 1001; ++i) texts += fmt::format("word {},{}\n", i, i % 2);
  EXPECT_TRUE(
      says(error_of(texts), {"column \"a\" holds 1001 different texts", "data.text names"}));
  TableOptions options;
  options.ignore = {"job"};
  EXPECT_TRUE(says(error_of("a,y\n1,0\n2,1\n", options), {"(data.ignore)"}));
}

TEST(TableSchema, json_keeps_everything) {
  TableSchema schema = schema_of(kPeople);
  schema.columns[0].mean = 31.25;
  schema.comment = '|';
  schema.target_suffix = ".";
  const std::string text = to_json(schema).dump();
  EXPECT_EQ(table_schema_from_json(nlohmann::json::parse(text)), schema);
}

}  // namespace
}  // namespace moestro::testing
