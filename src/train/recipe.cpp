#include "moestro/train/recipe.h"

#include "moestro/core/error.h"

namespace moestro {

void describe(Schema& schema, Recipe& recipe) {
  describe(schema, recipe.data);
  describe(schema, recipe.model);
  describe(schema, recipe.expert);
  describe(schema, recipe.gate);
  describe(schema, recipe.mixture);
  describe(schema, recipe.loss);
  describe(schema, recipe.start);
  describe(schema, recipe.train);
}

namespace {

void check_start(const Recipe& recipe, const Schema& schema) {
  const StartConfig& start = recipe.start;
  if (start.run.empty()) return;
  if (start.experts == "draw" && start.gate == "draw" && recipe.loss.gate_distillation == 0)
    throw UserError(
        "{} = \"{}\" has no effect; expected start.experts, start.gate or loss.gate_distillation",
        schema.where("start.run"), start.run);
  const bool own_start = recipe.gate.start != GateConfig{}.start;
  if (own_start && (start.gate == "copy" || start.gate == "freeze"))
    throw UserError("{} has no effect with start.gate = \"{}\"; expected one of them",
                    schema.where("gate.start"), start.gate);
  if (start.experts == "freeze" && start.gate == "freeze")
    throw UserError("{} and start.gate freeze everything; expected something to train",
                    schema.where("start.experts"));
}

// Keys of mixture layers where there are none, and terms that read what a Transformer has not got.
void check_model(const Recipe& recipe, const Schema& schema) {
  if (!recipe.model.transformer()) return;
  const ModelConfig& model = recipe.model;
  const ModelConfig defaults;
  const auto refuse = [&](bool other, const char* key) {
    if (recipe.expert.count == 1 && other)
      throw UserError(
          "{} has no effect with expert.count = 1; expected more experts, for mixture layers",
          schema.where(key));
  };
  refuse(model.mixture_every != defaults.mixture_every, "model.mixture_every");
  refuse(model.expert_hidden != defaults.expert_hidden, "model.expert_hidden");
  refuse(model.route != defaults.route, "model.route");
  refuse(model.shared != defaults.shared, "model.shared");
  if (recipe.loss.compares_samples())
    throw UserError(
        "loss.similarity_same and similarity_different compare the inputs of whole networks; "
        "expected model.kind = \"mixture\", or 0");
}

void check_average(const Recipe& recipe, const Schema& schema) {
  if (recipe.train.average > 0 && recipe.train.patience > 0)
    throw UserError("{} and train.patience both choose the weights that count; expected one",
                    schema.where("train.average"));
}

}  // namespace

void check(const Recipe& recipe, const Schema& schema) {
  schema.check_effects();
  if (recipe.expert.count == 1 && recipe.gate.kind != "fixed")
    throw UserError(
        "{} = \"{}\" has nothing to choose with expert.count = 1; expected gate.kind = "
        "\"fixed\" or more experts",
        schema.where("gate.kind"), recipe.gate.kind);
  check_start(recipe, schema);
  check_model(recipe, schema);
  check_average(recipe, schema);
  if (recipe.loss.task == 0 && recipe.start.experts == "draw")
    throw UserError(
        "{} = 0 leaves new experts as they were drawn; expected start.experts = \"freeze\" or "
        "\"copy\"",
        schema.where("loss.task"));
  if (recipe.loss.kind == "competitive" && recipe.gate.kind == "switch")
    throw UserError(
        "{} = \"competitive\" pays a switch gate for being unsure, since its one weight is a "
        "probability below 1; expected another loss.kind or gate.kind",
        schema.where("loss.kind"));
}

}  // namespace moestro
