#include "arm_recipe.h"

namespace moestro {

std::unique_ptr<ArmRecipe> new_arm_recipe(RecipeKind kind) {
  return kind == RecipeKind::stream ? new_stream_recipe() : new_training_recipe();
}

}  // namespace moestro
