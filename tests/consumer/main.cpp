// Uses the installed library as a user's program would: its version, its errors as types, and a
// mixture built from a recipe.
#include <cstdio>

#include <ATen/Functions.h>

#include "moestro/core/error.h"
#include "moestro/core/version.h"
#include "moestro/train/model.h"

int main() {
  std::printf("moestro %s, LibTorch %s\n", moestro::version(), moestro::libtorch_version());
  try {
    moestro::RecipeDocument bad;
    bad.schema.set("expert.cuont=3");
  } catch (const moestro::UserError& error) {
    std::printf("caught: %s\n", error.what());
  }
  moestro::RecipeDocument document;
  document.schema.set("expert.count=3");
  const moestro::Mixture mixture = moestro::build_mixture(document, {{4}, 2});
  const moestro::ModelOutput output = mixture.forward(at::zeros({5, 4}), {}, {});
  std::printf("%ld rows, %ld experts\n", static_cast<long>(output.mixed_NC.size(0)),
              static_cast<long>(output.traces[0].routing.probs_BE.size(1)));
}
