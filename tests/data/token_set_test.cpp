#include "moestro/data/token_set.h"

#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include "data/files_fixture.h"
#include "moestro/core/error.h"
#include "moestro/store/safetensors.h"

namespace moestro::testing {
namespace {

using Metadata = std::map<std::string, std::string>;

const Metadata kTwoClasses = {{"vocabulary", "50"}, {"class_names", "[\"neg\", \"pos\"]"}};

class TokenSet : public ::testing::Test {
 protected:
  // 12 texts of 1 to 3 tokens.
  std::string file(const std::string& name, const Metadata& metadata = kTwoClasses,
                   const Tensor& targets = at::arange(12, at::kLong).remainder(2)) {
    const Tensor lengths = at::arange(12, at::kLong).remainder(3) + 1;
    NamedTensors tensors = {{"ids", at::arange(lengths.sum().item<int64_t>(), at::kLong)},
                            {"offsets", at::cat({at::zeros({1}, at::kLong), lengths.cumsum(0)})}};
    if (targets.defined()) tensors.emplace_back("targets", targets);
    write_safetensors(folder_ / name, tensors, metadata);
    return folder_ / name;
  }

  DataConfig config(const std::string& path) {
    DataConfig out;
    out.path = path;
    out.format = "ids";
    return out;
  }

  std::string error_of(const DataConfig& of) {
    return thrown<UserError>([&] { load_data(of, {}, 1); });
  }

  TemporaryFolder folder_;
};

TEST_F(TokenSet, ids_of_a_pre_trained_vocabulary_are_trained_on) {
  DataConfig own = config(file("train.safetensors"));
  own.test_path = file("test.safetensors");
  const DataSource source = load_data(own, {}, 1);
  EXPECT_TRUE(source.train.is_text());
  EXPECT_EQ(source.train.rows(), 11);
  EXPECT_EQ(source.train.vocabulary, 50);
  EXPECT_EQ(source.tokenizer, nullptr);
  EXPECT_EQ(source.text->layout.format, "ids");
  EXPECT_EQ(list(source.test.inputs[1].to(at::kLong)), (Ints{1, 2, -1}));
  EXPECT_EQ(list(source.test.lengths_N().narrow(0, 0, 3)), (Ints{1, 2, 3}));
  const Dataset again = load_new_rows(source.record(), own.test_path, {}, Targets::required);
  EXPECT_EQ(again.digest(), source.test.digest());
}

TEST_F(TokenSet, values_are_targets_too) {
  const std::string path = file("v.safetensors", {{"vocabulary", "50"}}, at::arange(12) / 4.);
  const DataSource source = load_data(config(path), {}, 1);
  EXPECT_EQ(source.train.classes, 0);
  EXPECT_NE(source.normaliser.target_deviation(), 1);
}

TEST_F(TokenSet, classes_of_another_file_are_found_by_name) {
  const DataSource source = load_data(config(file("train.safetensors")), {}, 1);
  const Metadata turned = {{"vocabulary", "50"}, {"class_names", "[\"pos\", \"neg\"]"}};
  const Dataset rows =
      load_new_rows(source.record(), file("turned.safetensors", turned), {}, Targets::required);
  EXPECT_EQ(list(rows.targets_N.narrow(0, 0, 2)), (Ints{1, 0}));
  const Metadata other = {{"vocabulary", "50"}, {"class_names", "[\"neg\", \"new\"]"}};
  EXPECT_TRUE(says(thrown<UserError>([&] {
                     load_new_rows(source.record(), file("other.safetensors", other), {},
                                   Targets::required);
                   }),
                   {"unknown class \"new\""}));
}

TEST_F(TokenSet, new_rows_may_be_of_one_class) {
  const DataSource source = load_data(config(file("train.safetensors")), {}, 1);
  EXPECT_EQ(source.record().text->tokenizer_digest, "");
  const Metadata one = {{"vocabulary", "50"}, {"class_names", "[\"pos\"]"}};
  const Dataset rows =
      load_new_rows(source.record(), file("one.safetensors", one, at::zeros({12}, at::kLong)), {},
                    Targets::required);
  EXPECT_TRUE(rows.targets_N.eq(1).all().item<bool>());
}

TEST_F(TokenSet, what_does_not_fit_is_refused) {
  EXPECT_TRUE(says(error_of(config(file("a", {}))), {"its metadata have no vocabulary"}));
  EXPECT_TRUE(says(error_of(config(file("b", kTwoClasses, {}))), {"no tensor \"targets\""}));
  EXPECT_TRUE(says(error_of(config(file("c", kTwoClasses, at::full({12}, 2, at::kLong)))),
                   {"label 2 of row 0"}));
  EXPECT_TRUE(says(error_of(config(file("d", kTwoClasses, at::zeros({3}, at::kLong)))),
                   {"\"targets\" is 3", "expected 12 numbers"}));
  EXPECT_TRUE(says(error_of(config(file("e", {{"vocabulary", "x"}}))), {"damaged metadata"}));
  EXPECT_TRUE(says(error_of(config(file("f", {{"vocabulary", "5"}}, at::ones({12})))),
                   {"id 5 in text 2", "expected 0 to 4"}));
  const auto named = [](const std::string& names) {
    return Metadata{{"vocabulary", "50"}, {"class_names", names}};
  };
  EXPECT_TRUE(says(error_of(config(file("j", {{"vocabulary", "50"}}))),
                   {"j: \"targets\" are classes (int64)", "no class_names"}));
  EXPECT_TRUE(says(error_of(config(file("k", named("[\"a\", \"a\"]")))),
                   {"class \"a\" twice in class_names"}));
  EXPECT_TRUE(says(error_of(config(file("l", named("[\"a\"]"), at::zeros({12}, at::kLong)))),
                   {"one class, \"a\"; expected at least 2"}));
  for (const char* vocabulary : {"16777217", "0", "-1", "1.5", "18446744073709551615"})
    EXPECT_TRUE(says(error_of(config(file("m", {{"vocabulary", vocabulary}}, at::ones({12})))),
                     {"a vocabulary of ", vocabulary, "expected 1 to 16777216"}));
  for (const char* text : {"some words of a text file\n", "few", ""}) {
    put(folder_ / "n.txt", text);
    EXPECT_TRUE(says(error_of(config(folder_ / "n.txt")),
                     {"n.txt: no safetensors file; expected ids made by scripts/tokenize.py"}));
  }
  DataConfig pieces = config(file("i"));
  pieces.vocabulary = 50;
  EXPECT_TRUE(says(error_of(pieces), {"have no effect", "holds ids already"}));
  DataConfig two = config(file("g"));
  two.test_path = file("h", {{"vocabulary", "60"}, {"class_names", "[\"neg\", \"pos\"]"}});
  EXPECT_TRUE(says(error_of(two), {"a vocabulary of 60; expected 50"}));
}

}  // namespace
}  // namespace moestro::testing
