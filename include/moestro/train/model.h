// The model that a recipe describes.
#pragma once

#include "moestro/nn/mixture.h"
#include "moestro/train/recipe.h"

namespace moestro {

struct Task {
  Shape sample_shape;   // of one input
  int64_t classes = 0;  // 0: regression
};

// Float32 parameters on the CPU, drawn by the recipe's seed. Throws UserError where layers, gate,
// output and task do not fit.
Mixture build_mixture(const RecipeDocument& document, const Task& task);

}  // namespace moestro
