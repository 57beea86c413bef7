// The model that a recipe describes.
#pragma once

#include <memory>

#include "moestro/nn/mixture.h"
#include "moestro/train/recipe.h"

namespace moestro {

struct DataRecord;

struct Task {
  Shape sample_shape;      // of one input
  int64_t classes = 0;     // 0: regression, or translation
  int64_t vocabulary = 0;  // texts: token ids are below it; 0: other inputs
  bool translation = false;
  int64_t longest = 0;                     // texts: tokens of the longest
  std::vector<InputSpan> categories = {};  // tables: the categorical columns
};

Task task_of(const DataRecord& data);

// Float32 parameters on the CPU, drawn by the recipe's seed. Throws UserError where the model and
// the task do not fit.
std::unique_ptr<Model> build_model(const RecipeDocument& document, const Task& task);

// The layers of one expert, or of the dense network in the place of all; throws likewise.
std::vector<LayerSpec> expert_layers(const RecipeDocument& document, const Task& task);

// The same as build_model() for model.kind = "mixture".
Mixture build_mixture(const RecipeDocument& document, const Task& task);

}  // namespace moestro
