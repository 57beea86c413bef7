// Whether a student computes what its teacher's tensors were trained for: shapes do not say so.
#pragma once

#include "moestro/lifecycle/teacher.h"
#include "moestro/nn/model.h"
#include "moestro/train/recipe.h"

namespace moestro {

// Throws UserError where [model] or the layers of experts differ in more than the width of experts
// and what only mixtures have. Other kinds of models, and other numbers of layers, are not
// compared.
void check_same_architecture(const Teacher& teacher, const Recipe& recipe, const Model& student);

}  // namespace moestro
