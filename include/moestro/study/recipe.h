// A study file: a recipe, and its [study].
#pragma once

#include <filesystem>
#include <memory>

#include "moestro/core/schema.h"
#include "moestro/study/config.h"

namespace moestro {

class ArmRecipe;

// Which verb trains the recipe: `moestro train`, or `moestro continual` a stream of tasks.
enum class RecipeKind { training, stream };

// Of a study file: stream where it, or the recipe that it names, has [stream]. Throws nothing: what
// is wrong with the files is found when they are parsed.
RecipeKind kind_of_study(const std::filesystem::path& file);

// The values and the schema bound to them; stays where it is made.
class StudyDocument {
 public:
  explicit StudyDocument(RecipeKind kind = RecipeKind::training);
  ~StudyDocument();
  StudyDocument(const StudyDocument&) = delete;
  StudyDocument& operator=(const StudyDocument&) = delete;

  // Reads study.recipe first, then the file over it. Throws UserError.
  void parse_file(const std::filesystem::path& path);
  // The recipe without [study], as a run stores it.
  std::string recipe_toml() const { return schema.to_toml("study"); }
  const ArmRecipe& recipe() const { return *recipe_; }

  StudyConfig study;
  Schema schema;

 private:
  RecipeKind kind_;
  std::unique_ptr<ArmRecipe> recipe_;
};

}  // namespace moestro
