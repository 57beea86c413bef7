#include "moestro/study/config.h"

#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "moestro/study/recipe.h"
#include "thrown.h"

namespace moestro {
namespace {

TEST(StudyConfig, knows_what_says_something_of_test_rows) {
  for (const char* figure :
       {"test.error", "hard_top1_error", "split_agreement", "specialisation.usage_entropy",
        "probing.own_error", "probing.disagreement"})
    EXPECT_TRUE(of_test_rows(figure)) << figure;
  for (const char* figure : {"known.average", "chosen.balanced.last", "untouched.average"})
    EXPECT_TRUE(of_test_rows(figure)) << figure;
  for (const char* figure :
       {"valid.error", "valid.loss", "parameters", "seconds", "steps", "valid.known.average",
        "experts", "frozen", "merges", "merge_cosine", "merge_later_share"})
    EXPECT_FALSE(of_test_rows(figure)) << figure;
}

TEST(StudyConfig, knows_what_one_expert_and_what_regression_has_not) {
  EXPECT_TRUE(of_a_split("specialisation.usage_entropy"));
  EXPECT_TRUE(of_a_split("split_agreement"));
  EXPECT_FALSE(of_a_split("hard_top1_error"));
  for (const char* figure : {"probing.own_error", "probing.routing_accuracy"}) {
    EXPECT_TRUE(of_a_split(figure)) << figure;
    EXPECT_TRUE(of_whole_networks(figure)) << figure;
  }
  EXPECT_TRUE(of_classes("probing.routing_accuracy"));
  EXPECT_TRUE(of_classes("probing.agreement"));
  EXPECT_FALSE(of_classes("probing.oracle_error"));
  EXPECT_TRUE(of_classes("hard_top1_error"));
  EXPECT_TRUE(of_classes("specialisation.mutual_information_predicted"));
  EXPECT_FALSE(of_classes("specialisation.usage_entropy"));
  EXPECT_FALSE(of_classes("test.error"));
}

TEST(StudyConfig, has_defaults_that_it_would_accept) {
  for (const RecipeKind kind : {RecipeKind::training, RecipeKind::stream}) {
    StudyDocument document(kind);
    EXPECT_NO_THROW(document.schema.parse_text(document.schema.to_toml(), "itself"));
  }
  EXPECT_NE(testing::thrown<UserError>([] {
              StudyDocument().schema.set("study.metric=split_agreement");
            }).find("--set: study.metric = \"split_agreement\"; expected one of test.error"),
            std::string::npos);
}

}  // namespace
}  // namespace moestro
