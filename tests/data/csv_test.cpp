#include "moestro/data/csv.h"

#include <gtest/gtest.h>

#include "data/files_fixture.h"
#include "moestro/core/error.h"

namespace moestro::testing {
namespace {

using Rows = std::vector<std::vector<std::string>>;

Rows rows_of(const CsvTable& table) {
  Rows rows;
  for (int64_t r = 0; r < table.rows(); ++r) {
    rows.emplace_back();
    for (int64_t c = 0; c < table.columns(); ++c) rows.back().emplace_back(table.cell(r, c));
  }
  return rows;
}

CsvTable parse(const std::string& text, const CsvOptions& options = {}) {
  return CsvTable::parse(text, "t.csv", options);
}

Rows plain(const std::string& text) {
  CsvOptions options;
  options.header = "no";
  return rows_of(parse(text, options));
}

std::string error_of(const std::string& text, const CsvOptions& options = {}) {
  return thrown<UserError>([&] { parse(text, options); });
}

TEST(Csv, every_separator_is_found) {
  const Rows expected = {{"1", "b c"}, {"2", "d"}};
  EXPECT_EQ(plain("1,b c\n2,d\n"), expected);
  EXPECT_EQ(plain("1;b c\n2;d\n"), expected);
  EXPECT_EQ(plain("1\tb c\n2\td\n"), expected);
  EXPECT_EQ(plain(" 1   b\n2 d \n"), (Rows{{"1", "b"}, {"2", "d"}}));
  EXPECT_EQ(plain("1,5;2,5\n3;4\n"), (Rows{{"1,5", "2,5"}, {"3", "4"}}));
}

TEST(Csv, line_ends_marks_blanks_and_empty_lines_do_not_count) {
  EXPECT_EQ(plain("\xef\xbb\xbf"
                  "1, b\r\n\r\n2 ,d\r\n\n  \n"),
            (Rows{{"1", "b"}, {"2", "d"}}));
  EXPECT_EQ(plain("1,b\n2,d"), (Rows{{"1", "b"}, {"2", "d"}}));
  EXPECT_EQ(plain("1,\n,d\n"), (Rows{{"1", ""}, {"", "d"}}));
}

TEST(Csv, quotes_hold_separators_quotes_and_lines) {
  EXPECT_EQ(plain("\"a,b\",\"say \"\"x\"\"\"\n\"two\nlines\", \"\" \n"),
            (Rows{{"a,b", "say \"x\""}, {"two\nlines", ""}}));
  EXPECT_EQ(plain("\"a b\" c\n"), (Rows{{"a b", "c"}}));
}

TEST(Csv, quotes_are_ordinary_characters_between_tabs) {
  EXPECT_EQ(plain("\"a\tb\n\"\"\tc\n"), (Rows{{"\"a", "b"}, {"\"\"", "c"}}));
}

TEST(Csv, a_packed_file_reads_like_a_plain_one) {
  const TemporaryFolder folder;
  put(folder / "t.csv.gz", gzipped("x,y\n1,a\n2,a\n"));
  EXPECT_EQ(rows_of(CsvTable::read(folder / "t.csv.gz")), (Rows{{"1", "a"}, {"2", "a"}}));
}

TEST(Csv, a_ragged_row_is_named_with_both_counts) {
  EXPECT_EQ(error_of("a,b,c\n1,2,3\n\"x\ny\",2,3\n4,5\n"),
            "t.csv:5: 2 cells; expected 3, as in the first row");
  EXPECT_TRUE(says(error_of("a,b\n1,2,3\n"), {"t.csv:2: 3 cells; expected 2"}));
}

TEST(Csv, bad_quotes_and_bytes_are_named) {
  EXPECT_TRUE(says(error_of("a,b\n1,\"2\n3,4\n"), {"t.csv:2: a quote opens here"}));
  EXPECT_TRUE(says(error_of("a,b\n1,\"2\"3\n"), {"t.csv:2: text behind a closing quote"}));
  EXPECT_TRUE(says(error_of(std::string("a,b\n1,\0\n", 8)), {"t.csv:2: a NUL byte"}));
  EXPECT_TRUE(says(error_of("\n\n"), {"t.csv: no rows"}));
  EXPECT_TRUE(says(error_of("x,x\n1,2\n"), {"two columns are named \"x\""}));
}

TEST(Csv, a_header_is_told_from_rows) {
  EXPECT_EQ(parse("age,job\n1,a\n2,a\n").names(), (Strings{"age", "job"}));
  EXPECT_EQ(parse("job,kind\na,b\na,b\n").names(), (Strings{"job", "kind"}));
  // A header of numbers above numbers, told by the column of texts.
  EXPECT_TRUE(parse("Letter,1,2\nA,1,2\nB,3,4\nA,3,4\nB,1,2\n").has_header());
  EXPECT_EQ(parse("1,a\n2,a\n").names(), (Strings{"1", "2"}));
  EXPECT_FALSE(parse("39,Private,x\n50,Self,y\n38,Private,z\n").has_header());
  EXPECT_FALSE(parse("1,2\n3,4\n").has_header());
}

TEST(Csv, what_the_user_says_of_the_header_holds) {
  CsvOptions options;
  options.header = "yes";
  EXPECT_EQ(rows_of(parse("1,2\n3,4\n", options)), (Rows{{"3", "4"}}));
  EXPECT_TRUE(says(error_of("1,2\n", options), {"a header, and no rows"}));
  options.header = "no";
  EXPECT_EQ(parse("age,job\n1,a\n", options).rows(), 2);
}

TEST(Csv, known_names_decide_on_a_header) {
  CsvOptions options;
  options.known_names = {"age", "job", "y"};
  EXPECT_TRUE(parse("y,job,age\nyes,b,3\n", options).has_header());
  EXPECT_TRUE(parse("job,age\nb,1\n", options).has_header());
  EXPECT_FALSE(parse("1,b,yes\n2,c,no\n", options).has_header());
}

TEST(Csv, comment_lines_are_skipped_on_demand) {
  CsvOptions options;
  options.comment = '|';
  options.header = "no";
  EXPECT_EQ(rows_of(parse("|note, one, two\n1,2\n", options)), (Rows{{"1", "2"}}));
}

TEST(Csv, columns_are_found_by_name_then_by_number) {
  const CsvTable table = parse("age,job,2\n1,a,5\n2,a,6\n");
  EXPECT_EQ(table.find_column("job", "data.target"), 1);
  EXPECT_EQ(table.find_column("2", "data.target"), 2);
  EXPECT_EQ(table.find_column("1", "data.target"), 0);
  EXPECT_EQ(table.find_column("-2", "data.target"), 1);
  EXPECT_TRUE(says(thrown<UserError>([&] { table.find_column("jib", "data.target"); }),
                   {"no column \"jib\" (data.target); expected a name of the header or a "
                    "number; did you mean \"job\"?"}));
  EXPECT_TRUE(
      says(thrown<UserError>([&] { table.find_column("4", "data.target"); }), {"no column \"4\""}));
}

}  // namespace
}  // namespace moestro::testing
