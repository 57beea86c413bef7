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
  EXPECT_EQ(document_.schema.find("train.epochs").value_text(), "7");
  EXPECT_EQ(document_.schema.find("train.rate").value_text(), "0.5");
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

TEST_F(StudyRecipe, is_of_a_stream_where_the_file_or_its_recipe_has_one) {
  const auto kind = [&](const std::string& study) {
    put(folder_ / "study.toml", study);
    return kind_of_study(folder_ / "study.toml");
  };
  put(folder_ / "base.toml", "[stream]\nsteps = 3\n");
  EXPECT_EQ(kind("[study]\nrecipe = \"base.toml\"\n"), RecipeKind::stream);
  EXPECT_EQ(kind("[study]\n[stream]\n"), RecipeKind::stream);
  EXPECT_EQ(kind("[study]\n[data]\n"), RecipeKind::training);
  EXPECT_EQ(kind("[study]\nrecipe = \"gone.toml\"\n"), RecipeKind::training);
}

TEST_F(StudyRecipe, of_a_stream_has_its_keys_and_no_others) {
  StudyDocument stream(RecipeKind::stream);
  const auto refusal = [&](const std::string& study) {
    put(folder_ / "study.toml", study);
    return thrown<UserError>([&] { stream.parse_file(folder_ / "study.toml"); });
  };
  put(folder_ / "base.toml", "[stream]\nsteps = 3\n");
  put(folder_ / "study.toml", "[study]\nrecipe = \"base.toml\"\n[merge]\nevery = 2\n");
  stream.parse_file(folder_ / "study.toml");
  EXPECT_NE(stream.recipe_toml().find("steps = 3"), std::string::npos);
  EXPECT_NE(stream.recipe_toml().find("every = 2"), std::string::npos);
  put(folder_ / "base.toml", "[data]\nbatch = 3\n");
  EXPECT_NE(refusal("[study]\nrecipe = \"base.toml\"\n[stream]\nsteps = 4\n")
                .find("base.toml:2: unknown key \"data.batch\""),
            std::string::npos);
}

}  // namespace
}  // namespace moestro
