#include "moestro/study/recipe.h"

#include "moestro/core/error.h"

namespace moestro {

StudyDocument::StudyDocument() {
  describe(schema, recipe);
  describe(schema, study);
}

void StudyDocument::parse_file(const std::filesystem::path& path) {
  schema.parse_file(path);
  if (study.recipe.empty()) return;
  const std::filesystem::path base = path.parent_path() / study.recipe;
  RecipeDocument().schema.parse_file(base);  // a recipe, not another study
  schema.parse_file(base);
  schema.parse_file(path);
}

}  // namespace moestro
