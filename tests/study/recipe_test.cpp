#include "moestro/study/recipe.h"

#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "store/temporary_folder.h"
#include "thrown.h"

namespace moestro {
namespace {

using testing::put;
using testing::thrown;

class StudyRecipe : public ::testing::Test {
 protected:
  void read(const std::string& study) {
    put(folder_ / "study.toml", study);
    document_.parse_file(folder_ / "study.toml");
  }

  testing::TemporaryFolder folder_;
  StudyDocument document_;
};

TEST_F(StudyRecipe, is_laid_over_the_recipe_it_names) {
  put(folder_ / "base.toml", "[train]\nepochs = 3\nrate = 0.5\n");
  read("[study]\nrecipe = \"base.toml\"\n[train]\nepochs = 7\n");
  EXPECT_EQ(document_.recipe.train.epochs, 7);
  EXPECT_EQ(document_.recipe.train.rate, .5);
}

TEST_F(StudyRecipe, is_stored_without_the_study) {
  read("[study]\nseeds = 3\n[train]\nepochs = 7\n");
  EXPECT_EQ(document_.study.seeds, 3);
  EXPECT_EQ(document_.recipe_toml().find("[study]"), std::string::npos);
  EXPECT_NE(document_.recipe_toml().find("epochs = 7"), std::string::npos);
}

TEST_F(StudyRecipe, keeps_arms_in_the_order_of_the_file) {
  read("[study.arms]\nz = []\na = [\"expert.count=2\"]\n");
  EXPECT_EQ(document_.study.arms, (NamedLists{{"z", {}}, {"a", {"expert.count=2"}}}));
}

TEST_F(StudyRecipe, starts_from_no_other_study_and_names_an_arm_once) {
  put(folder_ / "base.toml", "[study]\nseeds = 3\n");
  EXPECT_NE(thrown<UserError>([&] {
              read("[study]\nrecipe = \"base.toml\"\n");
            }).find("base.toml:2: unknown key \"study.seeds\""),
            std::string::npos);
  EXPECT_NE(
      thrown<UserError>([&] { read("[study.arms]\na = []\na = []\n"); }).find("not valid TOML"),
      std::string::npos);
  EXPECT_NE(thrown<UserError>([&] { read("[study]\nrecipe = \"gone.toml\"\n"); }).find("gone.toml"),
            std::string::npos);
}

}  // namespace
}  // namespace moestro
