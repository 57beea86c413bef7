#include "moestro/data/text_rows.h"

#include <ATen/Functions.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "data/files_fixture.h"
#include "moestro/core/error.h"

namespace moestro::testing {
namespace {

class TextRowsTest : public ::testing::Test {
 protected:
  TextRows read(const std::string& format, const std::string& text) {
    record_.layout.format = format;
    put(folder_ / "rows", text);
    return read_training_texts({folder_ / "rows"}, record_);
  }

  TextRows read_other(const std::string& text, Targets targets = Targets::required) {
    put(folder_ / "other", text);
    return read_texts({folder_ / "other"}, record_, targets);
  }

  TextRows read_pairs(const std::string& source, const std::string& target) {
    record_.layout.format = "parallel";
    put(folder_ / "t.en", source);
    put(folder_ / "t.de", target);
    return read_training_texts({folder_ / "t.en", folder_ / "t.de"}, record_);
  }

  std::string error_of(const std::string& format, const std::string& text) {
    return thrown<UserError>([&] { read(format, text); });
  }

  TemporaryFolder folder_;
  TextRecord record_;
};

using Texts = std::vector<Strings>;

TEST_F(TextRowsTest, tsv_takes_quotation_marks_as_text) {
  const TextRows rows = read("tsv", "\"a\" b\tbad\nc \"d\tgood\ne\tbad\n");
  EXPECT_EQ(rows.texts, (Texts{{"\"a\" b"}, {"c \"d"}, {"e"}}));
  EXPECT_EQ(rows.class_names, (Strings{"bad", "good"}));
  EXPECT_EQ(list(rows.targets_N), (Ints{0, 1, 0}));
}

TEST_F(TextRowsTest, the_text_of_a_tsv_file_is_the_first_column_that_is_not_the_target) {
  record_.layout.target = "1";
  EXPECT_EQ(read("tsv", "0\tone\tx\n1\ttwo\tx\n").texts, (Texts{{"one"}, {"two"}}));
}

TEST_F(TextRowsTest, columns_are_named_and_two_make_a_pair) {
  record_.layout.columns = {"b", "a"};
  const TextRows rows = read("tsv", "id\ta\tb\ty\n7\tA one\tB one\t0\n8\tA two\tB two\t1\n");
  EXPECT_EQ(rows.texts, (Texts{{"B one", "A one"}, {"B two", "A two"}}));
}

TEST_F(TextRowsTest, columns_of_one_text_are_joined_by_a_blank) {
  record_.layout.columns = {"2", "3"};
  record_.layout.target = "1";
  record_.layout.one_text = true;
  EXPECT_EQ(read("csv", "1,\"Big, news\",\"said \"\"he\"\"\"\n2,b,c\n").texts[0],
            (Strings{"Big, news said \"he\""}));
}

TEST_F(TextRowsTest, a_line_end_within_a_quoted_cell_is_a_blank) {
  record_.layout.columns = {"1"};
  EXPECT_EQ(read("csv", "\"one\ntwo\",0\nthree,1\n").texts[0], (Strings{"one two"}));
}

TEST_F(TextRowsTest, lines_hold_a_label_a_blank_and_a_text) {
  const TextRows rows = read("lines", "1 so\tgood \n\n0 bad, \"bad\"\r\n");
  EXPECT_EQ(rows.texts, (Texts{{"so good"}, {"bad, \"bad\""}}));
  EXPECT_EQ(list(rows.targets_N), (Ints{1, 0}));
}

TEST_F(TextRowsTest, a_label_may_end_at_a_sign) {
  record_.layout.label_end = ':';
  const TextRows rows = read("lines", "NUM:dist How far ?\nHUM:desc Who ?\n");
  EXPECT_EQ(rows.class_names, (Strings{"HUM", "NUM"}));
  EXPECT_EQ(rows.texts[0], (Strings{"How far ?"}));
}

TEST_F(TextRowsTest, scores_are_values_where_the_task_says_so) {
  record_.layout.task = "values";
  const TextRows rows = read("tsv", "a\t1\nb\t4\n");
  EXPECT_EQ(rows.classes, 0);
  EXPECT_TRUE(at::equal(rows.targets_N, at::tensor({1.f, 4.f})));
}

TEST_F(TextRowsTest, another_file_is_read_as_the_training_file) {
  record_.layout.columns = {"text"};
  read("tsv", "id\ttext\ty\n1\ta\tno\n2\tb\tyes\n");
  // By name, although the order is another one.
  EXPECT_EQ(list(read_other("y\ttext\nyes\tc\n").targets_N), (Ints{1}));
  EXPECT_FALSE(read_other("id\ttext\n3\tc\n", Targets::optional).targets_N.defined());
}

TEST_F(TextRowsTest, labels_that_the_training_file_has_not_are_refused) {
  read("tsv", "a\tno\nb\tyes\n");
  EXPECT_TRUE(says(thrown<UserError>([&] { read_other("c\tmaybe\n"); }),
                   {"other:1", "unknown class \"maybe\"; expected one of no, yes"}));
}

TEST_F(TextRowsTest, an_empty_text_is_refused_with_its_line) {
  EXPECT_TRUE(says(error_of("tsv", "a\t0\n\t1\n"), {"rows:2", "an empty text"}));
  EXPECT_TRUE(says(error_of("lines", "0 a\n1 \n"), {"rows:2: \"1\"; expected a label, a blank"}));
  record_.layout.may_be_empty = true;
  EXPECT_EQ(read("lines", "0 a\n1 \n").texts, (Texts{{"a"}, {""}}));
}

TEST_F(TextRowsTest, rows_and_columns_that_do_not_fit_are_refused) {
  EXPECT_TRUE(says(error_of("tsv", "a\t0\nb\tc\t1\n"), {"rows:2: 3 cells; expected 2"}));
  EXPECT_TRUE(says(error_of("tsv", "a\nb\n"), {"one column; expected a text and a label"}));
  EXPECT_TRUE(says(error_of("tsv", "a\t\n"), {"the target is missing"}));
  record_.layout.columns = {"2"};
  EXPECT_TRUE(says(error_of("tsv", "a\t0\nb\t1\n"), {"is the target (data.target)"}));
  record_.layout.columns = {"1", "-2"};
  EXPECT_TRUE(says(error_of("tsv", "a\t0\nb\t1\n"), {"is twice in data.text"}));
  record_.layout.columns = {"text"};
  EXPECT_TRUE(says(error_of("tsv", "a\t0\nb\t1\n"), {"no column \"text\" (data.text)"}));
}

TEST_F(TextRowsTest, pairs_with_an_empty_side_are_left_out_of_training_rows_only) {
  const TextRows rows = read_pairs("one\n\nthree\nfour\n", "eins\nzwei\n\nvier\n");
  EXPECT_EQ(rows.texts, (Texts{{"one"}, {"four"}}));
  EXPECT_EQ(rows.translations, (Strings{"eins", "vier"}));
  const std::vector<std::filesystem::path> files = {folder_ / "t.en", folder_ / "t.de"};
  EXPECT_EQ(read_texts(files, record_, Targets::required).rows(), 4);
  EXPECT_TRUE(
      says(thrown<UserError>([&] { read_pairs("\n", "a\n"); }), {"every pair has an empty side"}));
}

TEST_F(TextRowsTest, parallel_files_of_different_length_are_refused_with_both_counts) {
  EXPECT_TRUE(says(thrown<UserError>([&] { read_pairs("a\nb\n", "c\n"); }),
                   {"t.en has 2 lines", "t.de has 1"}));
}

TEST_F(TextRowsTest, plain_texts_keep_empty_lines) {
  put(folder_ / "new.txt", "a\n\nb\n");
  EXPECT_EQ(read_plain_texts(folder_ / "new.txt", "utf-8").texts, (Texts{{"a"}, {""}, {"b"}}));
  put(folder_ / "new.txt", "");
  EXPECT_TRUE(says(thrown<UserError>([&] { read_plain_texts(folder_ / "new.txt", "utf-8"); }),
                   {"no lines"}));
}

TEST_F(TextRowsTest, a_record_survives_json) {
  record_.layout.label_end = ':';
  record_.layout.languages = {"en", "de"};
  read("lines", "A:a one\nB:b two\n");
  record_.longest = 12;
  record_.vocabulary = 34;
  record_.tokenizer_digest = "abc";
  nlohmann::json json = nlohmann::json::parse(to_json(record_).dump());
  EXPECT_EQ(json["tokenizer"], "abc");
  EXPECT_EQ(text_record_from_json(json), record_);
  json.erase("tokenizer");
  EXPECT_EQ(text_record_from_json(json).tokenizer_digest, "");
}

}  // namespace
}  // namespace moestro::testing
