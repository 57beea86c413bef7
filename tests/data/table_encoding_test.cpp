#include "moestro/data/table_encoding.h"

#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include "data/files_fixture.h"
#include "moestro/core/error.h"
#include "moestro/data/csv.h"

namespace moestro::testing {
namespace {

// Inputs: age, age missing, job = clerk, job = smith, job missing, height.
constexpr const char* kPeople =
    "age,job,height,y\n"
    "30,clerk,1.5,yes\n"
    "?,smith,2.5,no\n"
    "50,,1.5,yes\n";

CsvTable table_of(const std::string& text, const CsvOptions& options) {
  return CsvTable::parse(text, "new.csv", options);
}

class TableEncoding : public ::testing::Test {
 protected:
  TableEncoding() {
    CsvOptions options;
    options.header = "yes";
    const CsvTable table = CsvTable::parse(kPeople, "t.csv", options);
    schema_ = find_table_schema(table, {});
    train_ = encode_table(table, schema_, Targets::required);
    fit_means(schema_, train_.inputs);
  }

  Dataset encode(const std::string& text, Targets targets = Targets::required) {
    Dataset set = encode_table(table_of(text, schema_.csv_options()), schema_, targets);
    fill_missing(schema_, set.inputs);
    return set;
  }

  std::string error_of(const std::string& text, Targets targets = Targets::required) {
    return thrown<UserError>([&] { encode(text, targets); });
  }

  TableSchema schema_;
  Dataset train_;
};

TEST_F(TableEncoding, numbers_flags_and_one_hot_categories_stand_side_by_side) {
  fill_missing(schema_, train_.inputs);
  const Tensor expected = at::tensor({30., 0., 1., 0., 0., 1.5,   //
                                      40., 1., 0., 1., 0., 2.5,   //
                                      50., 0., 0., 0., 1., 1.5})  //
                              .view({3, 6})
                              .to(at::kFloat);
  EXPECT_TRUE(at::equal(train_.inputs, expected)) << train_.inputs;
  EXPECT_EQ(list(train_.targets_N), (Ints{1, 0, 1}));
}

TEST_F(TableEncoding, another_file_gets_the_training_means_and_categories) {
  const Dataset set = encode("age,job,height,y\n?,smith,3,no\n");
  EXPECT_EQ(set.inputs[0][0].item<float>(), 40);
  EXPECT_EQ(set.inputs[0][1].item<float>(), 1);
  EXPECT_EQ(set.inputs[0][3].item<float>(), 1);
}

TEST_F(TableEncoding, columns_are_matched_by_name_and_without_a_header_by_position) {
  const Tensor by_name = encode("y,height,job,age\nyes,1.5,clerk,30\n").inputs;
  const Tensor by_position = encode("30,clerk,1.5,yes\n").inputs;
  EXPECT_TRUE(at::equal(by_name, train_.inputs.narrow(0, 0, 1)));
  EXPECT_TRUE(at::equal(by_position, by_name));
}

TEST_F(TableEncoding, rows_to_predict_need_no_target) {
  EXPECT_FALSE(encode("age,job,height\n30,clerk,1.5\n", Targets::optional).has_targets());
  EXPECT_FALSE(encode("30,clerk,1.5\n", Targets::optional).has_targets());
  EXPECT_TRUE(says(error_of("age,job,height\n30,clerk,1.5\n"), {"no target column \"y\""}));
}

TEST_F(TableEncoding, bad_cells_are_named_by_line_column_and_value) {
  EXPECT_EQ(error_of("30,clerk,1.5,yes\n30,baker,1.5,yes\n"),
            "new.csv:2: column \"2\": unknown category \"baker\"; expected one of clerk, smith");
  EXPECT_EQ(error_of("age,job,height,y\n30,clerk,1.5,maybe\n"),
            "new.csv:2: column \"y\": unknown class \"maybe\"; expected one of no, yes");
  EXPECT_TRUE(says(error_of("30,clerk,tall,yes\n"), {"\"tall\"; expected a number"}));
  EXPECT_TRUE(says(error_of("30,clerk,inf,yes\n"), {"\"inf\"; expected a finite number"}));
  EXPECT_TRUE(says(error_of("30,clerk,1e39,yes\n"), {"\"1e39\"; expected a finite number"}));
  EXPECT_TRUE(says(error_of("30,clerk,1.5,?\n"), {"the target is missing"}));
}

TEST_F(TableEncoding, a_gap_in_a_categorical_column_that_had_none_is_refused) {
  CsvOptions options;
  options.header = "yes";
  const CsvTable full = CsvTable::parse("job,y\na,0\nb,1\n", "t.csv", options);
  schema_ = find_table_schema(full, {});
  EXPECT_TRUE(says(error_of("job,y\n?,0\n"), {"no training row misses it"}));
}

TEST_F(TableEncoding, other_columns_are_refused) {
  EXPECT_TRUE(says(error_of("age,jobb,height,y\n30,clerk,1.5,yes\n"),
                   {"no column \"job\"; the training data has it; did you mean \"jobb\"?"}));
  EXPECT_TRUE(says(error_of("1,2\n"), {"2 columns; expected 4"}));
}

TEST_F(TableEncoding, a_suffix_of_the_target_is_cut_off) {
  schema_.target_suffix = ".";
  EXPECT_EQ(list(encode("30,clerk,1.5,yes.\n30,clerk,1.5,no\n").targets_N), (Ints{1, 0}));
}

TEST_F(TableEncoding, values_are_targets_of_a_regression) {
  CsvOptions options;
  options.header = "yes";
  const CsvTable table = CsvTable::parse("x,y\n1,.5\n2,-3\n", "t.csv", options);
  const Dataset set = encode_table(table, find_table_schema(table, {}), Targets::required);
  EXPECT_EQ(set.classes, 0);
  EXPECT_TRUE(at::equal(set.targets_N, at::tensor({.5f, -3.f})));
}

}  // namespace
}  // namespace moestro::testing
