#include "moestro/study/recipe.h"

#include "arm_recipe.h"
#include "moestro/core/schema_peek.h"

namespace moestro {
namespace {

std::filesystem::path base_of(const std::filesystem::path& file, const std::string& recipe) {
  return file.parent_path() / recipe;
}

}  // namespace

RecipeKind kind_of_study(const std::filesystem::path& file) {
  const std::string recipe = text_at(file, "study.recipe");
  const bool stream = has_section(file, "stream") ||
                      (!recipe.empty() && has_section(base_of(file, recipe), "stream"));
  return stream ? RecipeKind::stream : RecipeKind::training;
}

StudyDocument::StudyDocument(RecipeKind kind) : kind_(kind), recipe_(new_arm_recipe(kind)) {
  study = recipe_->facts().study;
  recipe_->describe(schema);
  describe(schema, study, recipe_->facts().metrics, recipe_->facts().columns);
}

StudyDocument::~StudyDocument() = default;

void StudyDocument::parse_file(const std::filesystem::path& path) {
  schema.parse_file(path);
  if (study.recipe.empty()) return;
  const std::filesystem::path base = base_of(path, study.recipe);
  const std::unique_ptr<ArmRecipe> alone = new_arm_recipe(kind_);  // a recipe, not another study
  Schema of_recipes;
  alone->describe(of_recipes);
  of_recipes.parse_file(base);
  schema.parse_file(base);
  schema.parse_file(path);
}

}  // namespace moestro
