#include "moestro/train/recipe.h"

#include <fstream>

#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "moestro/train/model.h"
#include "test_paths.h"
#include "thrown.h"

namespace moestro {
namespace {

using testing::thrown;

std::vector<std::filesystem::path> shipped_recipes() {
  std::vector<std::filesystem::path> paths;
  const std::filesystem::path folder = std::filesystem::path(testing::kSourceDir) / "recipes";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.path().extension() == ".toml") paths.push_back(entry.path());
  return paths;
}

TEST(Recipe, every_shipped_one_parses_and_describes_a_model) {
  ASSERT_FALSE(shipped_recipes().empty());
  for (const std::filesystem::path& path : shipped_recipes()) {
    RecipeDocument document;
    document.schema.parse_file(path);
    check(document.recipe, document.schema);
    EXPECT_GT(build_mixture(document, {{1, 28, 28}, 10}).parameter_count(), 0) << path;
  }
}

TEST(Recipe, what_is_written_down_reads_back_to_the_same) {
  for (const std::filesystem::path& path : shipped_recipes()) {
    RecipeDocument document, again;
    document.schema.parse_file(path);
    const std::string text = document.schema.to_toml();
    again.schema.parse_text(text, "written");
    check(again.recipe, again.schema);
    EXPECT_EQ(again.schema.to_toml(), text) << path;
  }
}

TEST(Recipe, refuses_a_gate_that_has_nothing_to_choose) {
  RecipeDocument document;
  document.schema.set("expert.count=1");
  EXPECT_EQ(thrown<UserError>([&] { check(document.recipe, document.schema); }),
            "gate.kind = \"softmax\" has nothing to choose with expert.count = 1; expected "
            "gate.kind = \"fixed\" or more experts");
}

TEST(Recipe, refuses_early_stopping_without_validation) {
  RecipeDocument document;
  document.schema.set("data.validation=0");
  document.schema.set("train.patience=3");
  EXPECT_EQ(
      thrown<UserError>([&] { check(document.recipe, document.schema); }),
      "--set: train.patience has no effect here; it is used where data.validation is set, and "
      "that is 0.0");
}

TEST(Recipe, refuses_a_competitive_loss_under_a_switch_gate) {
  RecipeDocument document;
  document.schema.set("loss.kind=competitive");
  document.schema.set("gate.kind=switch");
  EXPECT_EQ(thrown<UserError>([&] { check(document.recipe, document.schema); }),
            "--set: loss.kind = \"competitive\" pays a switch gate for being unsure, since its one "
            "weight is a probability below 1; expected another loss.kind or gate.kind");
}

}  // namespace
}  // namespace moestro
