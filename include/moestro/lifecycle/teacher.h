// Another run whose network is used here: what [start] copies from, what a student is folded from.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "moestro/data/source.h"
#include "moestro/lifecycle/trained_run.h"
#include "moestro/train/recipe.h"

namespace moestro {

// Recipes of runs that are still to be trained, by their folders.
using PlannedRuns = std::map<std::string, std::string>;

class Teacher {
 public:
  // The run that `key` of the recipe names. Where it is planned, a model of that recipe stands in
  // its place, so that what does not fit is found before it is trained. Throws UserError where it
  // is no finished run, was trained on samples, classes or a normalisation other than the data's,
  // or may have learned from rows that are held out here.
  Teacher(const RecipeDocument& document, const std::string& key, const std::string& folder,
          const DataSource& data, c10::Device device, const PlannedRuns& planned = {});
  ~Teacher();

  const std::string& where() const { return where_; }  // for messages: key = "folder"
  const Recipe& recipe() const;
  const Model& model() const;
  std::string digest() const;  // of the model's tensors by name
  // Throws UserError where it is none of whole networks.
  const Mixture& mixture() const;

 private:
  void plan(const std::string& text, const DataSource& data, c10::Device device);
  void open(const std::string& folder, const DataSource& data, c10::Device device, int64_t threads);

  std::string where_;
  std::unique_ptr<TrainedRun> run_;
  RecipeDocument planned_;
  std::unique_ptr<Model> planned_model_;
};

// Throws UserError where a run that the recipe reads and the folder `out` are the same, or one
// holds the other: writing would spoil what is read.
void check_apart(const RecipeDocument& document, const std::filesystem::path& out);

}  // namespace moestro
