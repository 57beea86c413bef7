#include "moestro/train/recipe.h"

#include "moestro/core/error.h"

namespace moestro {

void describe(Schema& schema, Recipe& recipe) {
  describe(schema, recipe.data);
  describe(schema, recipe.expert);
  describe(schema, recipe.gate);
  describe(schema, recipe.mixture);
  describe(schema, recipe.loss);
  describe(schema, recipe.train);
}

void check(const Recipe& recipe, const Schema& schema) {
  schema.check_effects();
  if (recipe.expert.count == 1 && recipe.gate.kind != "fixed")
    throw UserError(
        "{} = \"{}\" has nothing to choose with expert.count = 1; expected gate.kind = "
        "\"fixed\" or more experts",
        schema.where("gate.kind"), recipe.gate.kind);
  if (recipe.loss.kind == "competitive" && recipe.gate.kind == "switch")
    throw UserError(
        "{} = \"competitive\" pays a switch gate for being unsure, since its one weight is a "
        "probability below 1; expected another loss.kind or gate.kind",
        schema.where("loss.kind"));
}

}  // namespace moestro
