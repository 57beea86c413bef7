// Tables that lack something, or have too much of it: what is refused, and what becomes of the
// rest.
#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include "core/stderr_capture.h"
#include "data/files_fixture.h"
#include "moestro/core/error.h"
#include "moestro/core/log.h"
#include "moestro/data/source.h"

namespace moestro::testing {
namespace {

namespace fs = std::filesystem;

constexpr const char* kHeader = "age,job,y\n";

class TableSource : public ::testing::Test {
 protected:
  TableSource() { set_log_level(LogLevel::quiet); }

  // Training rows of that file; test rows of test.csv where such rows are given.
  DataConfig table(const std::string& rows, const std::string& test_rows = "") {
    put(folder_ / "rows.csv", kHeader + rows);
    DataConfig config;
    config.path = folder_ / "rows.csv";
    config.format = "csv";
    config.header = "yes";
    config.validation = 0;
    if (test_rows.empty()) return config;
    put(folder_ / "test.csv", kHeader + test_rows);
    config.test_path = folder_ / "test.csv";
    return config;
  }

  std::string error_of(const std::string& rows, const std::string& test_rows = "") {
    return error_of(table(rows, test_rows));
  }
  std::string error_of(const DataConfig& config) {
    return thrown<UserError>([&] { load_data(config, {}, 1); });
  }

  Dataset new_rows(const DataSource& source, const std::string& rows) {
    put(folder_ / "new.csv", kHeader + rows);
    return load_new_rows(source.record(), folder_ / "new.csv", {}, Targets::required);
  }
  std::string error_of_new(const std::string& training_rows, const std::string& rows) {
    const DataSource source = load_data(table(training_rows, training_rows), {}, 1);
    return thrown<UserError>([&] { new_rows(source, rows); });
  }

  TemporaryFolder folder_;
};

// As a network gets them.
Tensor seen(const DataSource& source, const Dataset& rows) {
  return source.normaliser.apply(rows.inputs);
}

Tensor rows_of(const std::vector<double>& values, int64_t width) {
  return at::tensor(values, at::kFloat).view({-1, width});
}

const std::string kPeople = "20,clerk,yes\n40,smith,no\n60,clerk,yes\n";

TEST_F(TableSource, a_category_that_the_training_file_lacks_is_refused_in_any_other) {
  EXPECT_TRUE(
      says(error_of(kPeople, "30,clerk,yes\n30,baker,yes\n"),
           {"test.csv:3: column \"job\": unknown category \"baker\"; expected one of clerk, "
            "smith"}));
  EXPECT_TRUE(says(error_of_new(kPeople, "30,baker,yes\n"),
                   {"new.csv:2: column \"job\": unknown category \"baker\""}));
}

TEST_F(TableSource, a_class_that_the_training_file_lacks_is_refused_in_any_other) {
  EXPECT_TRUE(
      says(error_of(kPeople, "30,clerk,perhaps\n"),
           {"test.csv:2: column \"y\": unknown class \"perhaps\"; expected one of no, yes"}));
  EXPECT_TRUE(says(error_of_new(kPeople, "30,clerk,perhaps\n"),
                   {"new.csv:2: column \"y\": unknown class \"perhaps\""}));
  EXPECT_TRUE(says(error_of("1,a,0\n2,b,1\n", "1,a,2\n"),
                   {"test.csv:2: column \"y\": unknown class \"2\"; expected one of 0, 1"}));
}

TEST_F(TableSource, a_regression_target_must_be_finite_in_float32) {
  for (const char* target : {"1e39", "-1e39", "inf", "-inf", "1e999"}) {
    const std::string rows = fmt::format("1,a,0.5\n2,b,{}\n3,b,1\n", target);
    const std::string expected =
        fmt::format("column \"y\": \"{}\"; expected a finite number", target);
    EXPECT_TRUE(says(error_of(rows), {"rows.csv:3: ", expected}));
    EXPECT_TRUE(says(error_of("1,a,0.5\n2,b,1\n", rows), {"test.csv:3: ", expected}));
    EXPECT_TRUE(says(error_of_new("1,a,0.5\n2,b,1\n", rows), {"new.csv:3: ", expected}));
  }
}

TEST_F(TableSource, an_infinite_target_is_no_class) {
  EXPECT_TRUE(says(error_of("1,a,0\n2,b,inf\n3,b,1\n"),
                   {"rows.csv:3: column \"y\": \"inf\"; expected a finite number"}));
}

TEST_F(TableSource, a_target_that_is_nan_is_missing_and_refused) {
  EXPECT_TRUE(says(error_of("1,a,0.5\n2,b,nan\n"),
                   {"rows.csv:3: column \"y\": the target is missing (\"nan\")"}));
  EXPECT_TRUE(says(error_of(kPeople, "1,clerk,NaN\n"),
                   {"test.csv:2: column \"y\": the target is missing (\"NaN\")"}));
}

TEST_F(TableSource, a_cell_of_nan_is_missing) {
  const std::string rows = "20,clerk,yes\n{0},smith,no\n60,{0},yes\n";
  const auto with = [&](const char* cell) {
    const std::string text = fmt::format(fmt::runtime(rows), cell);
    return load_data(table(text, text), {}, 1);
  };
  const DataSource source = with("NaN");
  // age, age missing, job = clerk, smith, missing.
  EXPECT_TRUE(at::equal(source.train.inputs, rows_of({20, 0, 1, 0, 0,  //
                                                      40, 1, 0, 1, 0,  //
                                                      60, 0, 0, 0, 1},
                                                     5)));
  EXPECT_EQ(source.digest(), with("").digest());
  EXPECT_EQ(source.record(), with("?").record());
}

TEST_F(TableSource, a_column_that_is_missing_throughout_the_training_file_is_refused) {
  EXPECT_TRUE(says(error_of("nan,clerk,yes\n?,smith,no\n", kPeople),
                   {"rows.csv: column \"age\" is missing in every row; name it in data.ignore"}));
  EXPECT_TRUE(says(error_of("1,,yes\n2,NA,no\n", kPeople),
                   {"rows.csv: column \"job\" is missing in every row; name it in data.ignore"}));
}

TEST_F(TableSource, a_number_that_only_other_files_miss_is_the_training_mean) {
  const DataSource source = load_data(table(kPeople, "?,clerk,yes\n"), {}, 1);
  EXPECT_EQ(source.train.sample_shape(), (Shape{1 + 2}));
  EXPECT_TRUE(at::equal(source.test.inputs, rows_of({40, 1, 0}, 3)));
  EXPECT_TRUE(at::equal(seen(source, source.test), rows_of({0, 1, 0}, 3)));
  EXPECT_TRUE(at::equal(new_rows(source, "nan,smith,no\n").inputs, rows_of({40, 0, 1}, 3)));
}

TEST_F(TableSource, a_category_that_only_other_files_miss_is_refused) {
  EXPECT_TRUE(says(error_of(kPeople, "30,?,yes\n"),
                   {"test.csv:2: column \"job\": \"?\" is missing; no training row misses it"}));
  EXPECT_TRUE(says(error_of_new(kPeople, "30,,yes\n"),
                   {"new.csv:2: column \"job\": \"\" is missing; no training row misses it"}));
}

TEST_F(TableSource, a_constant_column_is_zero) {
  const DataSource source = load_data(table("7,a,yes\n7,a,no\n", "7,a,yes\n9,a,no\n"), {}, 1);
  EXPECT_EQ(source.normaliser.deviation(), (std::vector<double>{1, 1}));
  EXPECT_TRUE(at::equal(seen(source, source.train), rows_of({0, 1, 0, 1}, 2)));
  EXPECT_TRUE(at::equal(seen(source, source.test), rows_of({0, 1, 2, 1}, 2)));
}

// 60 rows, one of them of an odd age and job.
std::string one_of_sixty(const std::string& age, const std::string& job,
                         const std::string& other_age) {
  std::string rows = fmt::format("{},{},yes\n", age, job);
  for (int i = 1; i < 60; ++i)
    rows += fmt::format("{},clerk,{}\n", other_age, i % 2 ? "no" : "yes");
  return rows;
}

TEST_F(TableSource, a_category_that_no_drawn_row_has_is_an_input_of_zeros) {
  DataConfig config = table(one_of_sixty("30", "smith", "30"), "30,smith,yes\n");
  config.rows = 2;
  const DataSource source = load_data(config, {}, 1);
  ASSERT_EQ(source.table->columns[1].categories, (Strings{"clerk", "smith"}));
  EXPECT_TRUE(at::equal(source.train.inputs, rows_of({30, 1, 0, 30, 1, 0}, 3)))
      << "expected a seed that draws no smith";
  EXPECT_TRUE(at::equal(source.test.inputs, rows_of({30, 0, 1}, 3)));
}

TEST_F(TableSource, a_class_that_no_drawn_row_has_stays_a_class) {
  std::string rows;
  for (int i = 0; i < 30; ++i) rows += fmt::format("{},a,{}\n", i, i % 3);
  DataConfig config = table(rows, rows);
  config.rows = 2;
  const DataSource source = load_data(config, {}, 1);
  EXPECT_EQ(source.train.class_counts(), (Ints{1, 1, 0}));
  EXPECT_EQ(source.record().classes, 3);
  EXPECT_EQ(source.test.class_counts(), (Ints{10, 10, 10}));
}

TEST_F(TableSource, a_column_that_all_drawn_rows_miss_is_zero_there_and_as_it_is_elsewhere) {
  DataConfig config = table(one_of_sixty("50", "clerk", "?"), "50,clerk,yes\n?,clerk,no\n");
  config.rows = 2;
  StderrCapture capture;
  const DataSource source = load_data(config, {}, 1);
  EXPECT_TRUE(
      says(capture.text(), {"warning: column \"age\" is missing in every row to train on"}));
  EXPECT_TRUE(at::equal(seen(source, source.train), rows_of({0, 1, 1, 0, 1, 1}, 3)));
  EXPECT_TRUE(at::equal(seen(source, source.test), rows_of({50, 0, 1, 0, 1, 1}, 3)));
}

}  // namespace
}  // namespace moestro::testing
