#include "moestro/report/recipe_text.h"

#include <gtest/gtest.h>

namespace moestro {
namespace {

constexpr const char* kRecipe =
    "[data]\nname = \"fashion-mnist\"\nbatch = 512\n\n[expert]\ncount = 5\n"
    "layers = [\"linear 64\", \"relu\"]\r\n\n[loss]\nkind = \"expectation\"";

TEST(RecipeValue, is_found_in_its_section) {
  EXPECT_EQ(recipe_value(kRecipe, "data.name"), "fashion-mnist");
  EXPECT_EQ(recipe_value(kRecipe, "expert.count"), "5");
  EXPECT_EQ(recipe_value(kRecipe, "expert.layers"), "[\"linear 64\", \"relu\"]");
  EXPECT_EQ(recipe_value(kRecipe, "loss.kind"), "expectation");
}

TEST(RecipeValue, is_empty_where_there_is_none) {
  EXPECT_EQ(recipe_value(kRecipe, "gate.kind"), "");
  EXPECT_EQ(recipe_value(kRecipe, "data.count"), "");
  EXPECT_EQ(recipe_value("", "data.name"), "");
}

}  // namespace
}  // namespace moestro
