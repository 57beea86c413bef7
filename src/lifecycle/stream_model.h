// The adapted encoder of a stream, as its checkpoints hold it.
#pragma once

#include <memory>

#include "continual_progress.h"
#include "moestro/lifecycle/continual_recipe.h"
#include "moestro/train/adapted_encoder.h"

namespace moestro {

// Grown as progress says, with fresh weights.
std::unique_ptr<AdaptedEncoder> make_stream_model(const ContinualRecipe& recipe,
                                                  std::shared_ptr<const FrozenEncoder> encoder,
                                                  const ContinualProgress& progress);

}  // namespace moestro
