// A recipe that a study may train, of whatever kind: all that the study must know of it.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "moestro/lifecycle/teacher.h"
#include "moestro/study/recipe.h"

namespace moestro {

// What all recipes of a kind have in common.
struct RecipeFacts {
  std::string verb;                   // `moestro VERB RECIPE` trains it
  StudyConfig study;                  // a study's defaults
  std::vector<std::string> metrics;   // what study.metric may be
  std::vector<std::string> columns;   // study.columns
  std::vector<std::string> choosing;  // study.columns by default where settings are chosen
  std::string rows_keys;              // what decides on which rows a run is measured, for messages
  // Whether another arm's run means anything to it; then it may fit what it starts from with one
  // seed and not with another.
  bool starts_from_arms = false;
};

class ArmRecipe {
 public:
  virtual ~ArmRecipe() = default;

  virtual const RecipeFacts& facts() const = 0;
  // Binds its sections to its own values; it must outlive the schema.
  virtual void describe(Schema& schema) = 0;
  // Contradictions between keys. Throws UserError.
  virtual void check(const Schema& schema) const = 0;
  // For a quick look: changes of this recipe, as --set takes them, after which it trains few steps.
  virtual std::vector<std::string> quick() const = 0;

  // Equal where runs of one seed are measured on the same rows, of the metric's part.
  virtual std::string measured_rows(const StudyConfig& study) const = 0;
  // Equal where runs of one seed read the same rows throughout, so that one digest is of all they
  // read; "" for runs that keep the digest of the rows they are measured on.
  virtual std::string data_keys() const { return {}; }
  // Throws UserError where the study's metric or columns are of rows it is not measured on.
  virtual void check_rows(const StudyConfig& study) const = 0;

  // Which way a metric is good, where that is known.
  virtual std::optional<bool> lower_is_better(const std::string&) const { return {}; }
  // What it is without such a number, as "has one expert and no X; expected mixtures"; or "".
  virtual std::string lack_of(const std::string&) const { return {}; }
  virtual bool told_class() const { return false; }
  // Folders of runs that it starts from or learns from.
  virtual std::vector<std::string> starts() const { return {}; }

  // Finds what is wrong with a run's recipe (its TOML) and the data before any is trained, also
  // where the data have no such number as the metric. planned: runs that need not be there yet.
  // Throws UserError.
  virtual void rehearse(const std::string& toml, const std::string& metric,
                        const std::filesystem::path& data_root, const PlannedRuns& planned) = 0;
};

std::unique_ptr<ArmRecipe> new_arm_recipe(RecipeKind kind);

// The kinds, a file each.
std::unique_ptr<ArmRecipe> new_training_recipe();
std::unique_ptr<ArmRecipe> new_stream_recipe();

}  // namespace moestro
