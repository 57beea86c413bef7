// The recipe of the dense student of a trained mixture: what `moestro densify` trains.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "moestro/train/recipe.h"

namespace moestro {

struct DensifyOptions {
  std::filesystem::path run;           // the mixture
  std::string gather = "topk";         // student.gather
  std::string width = "expert";        // an expert's, or hidden units as a number
  std::optional<double> distillation;  // a of (1 - a) task + a T^2 KL; none: .25
  std::optional<double> temperature;   // T; none: 1
};

// Fills an empty document: the run's recipe with one expert in the place of its mixtures, without
// gate and terms of gates, and [student]. With concat the student is as many experts wide as
// answer for a row, unless a width says otherwise. A distillation or temperature that is given
// counts as set by the flag of its name. Throws UserError where the run is no mixture, not
// finished, damaged, or has experts that a width cannot be given to.
void write_student_recipe(const DensifyOptions& options, RecipeDocument& document);

}  // namespace moestro
