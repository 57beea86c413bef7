// A study file: a recipe and its [study].
#pragma once

#include <filesystem>

#include "moestro/study/config.h"
#include "moestro/train/recipe.h"

namespace moestro {

// The values and the schema bound to them; stays where it is made.
class StudyDocument {
 public:
  StudyDocument();
  StudyDocument(const StudyDocument&) = delete;
  StudyDocument& operator=(const StudyDocument&) = delete;

  // Reads study.recipe first, then the file over it. Throws UserError.
  void parse_file(const std::filesystem::path& path);
  // The recipe without [study], as a run stores it.
  std::string recipe_toml() const { return schema.to_toml("study"); }

  Recipe recipe;
  StudyConfig study;
  Schema schema;
};

}  // namespace moestro
