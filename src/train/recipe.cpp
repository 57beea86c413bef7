#include "moestro/train/recipe.h"

#include <algorithm>
#include <sstream>

#include "moestro/core/error.h"
#include "moestro/nn/gate.h"

namespace moestro {

void describe(Schema& schema, Recipe& recipe) {
  describe(schema, recipe.data);
  describe(schema, recipe.model);
  describe(schema, recipe.expert);
  describe(schema, recipe.gate);
  describe(schema, recipe.mixture);
  describe(schema, recipe.loss);
  describe(schema, recipe.start);
  describe(schema, recipe.student);
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

void check_student(const Recipe& recipe, const Schema& schema) {
  const StudentConfig& student = recipe.student;
  if (recipe.train.epochs == 0 && (student.teacher.empty() || !student.copies()))
    throw UserError("{} = 0 trains nothing; expected at least 1, or a student that is folded",
                    schema.where("train.epochs"));
  if (student.teacher.empty()) return;
  if (recipe.expert.count != 1)
    throw UserError("{} with expert.count = {}; expected 1, since a student is dense",
                    schema.where("student.teacher"), recipe.expert.count);
  if (!recipe.start.run.empty())
    throw UserError("{} and start.run both say what the weights begin with; expected one of them",
                    schema.where("student.teacher"));
  if (!student.copies() && recipe.loss.distillation == 0)
    throw UserError(
        "{} = \"none\" leaves nothing to take from the teacher; expected loss.distillation above "
        "0, "
        "or another way",
        schema.where("student.gather"));
  if (student.gather == "random_init" && !recipe.model.transformer())
    throw UserError(
        "{} = \"random_init\" leaves nothing of a whole network; expected \"none\", with "
        "loss.distillation above 0, or another way",
        schema.where("student.gather"));
  if (student.energy > 0 && student.rank > 0)
    throw UserError("{} and student.rank both say how much is kept; expected one of them",
                    schema.where("student.energy"));
  if (student.ranking == "activation" && !recipe.model.transformer())
    throw UserError(
        "{} = \"activation\" reads the hidden layers of a Transformer's experts; expected \"norm\" "
        "or \"norms\"",
        schema.where("student.ranking"));
}

// Keys of mixture layers where there are none.
void check_mixture_layers(const Recipe& recipe, const Schema& schema) {
  const ModelConfig& model = recipe.model;
  const ModelConfig defaults;
  const auto refuse = [&](bool other, const char* key) {
    if (recipe.expert.count == 1 && other)
      throw UserError(
          "{} has no effect with expert.count = 1; expected more experts, for mixture layers",
          schema.where(key));
  };
  if (model.expert_hidden == 0)
    refuse(model.mixture_every != defaults.mixture_every, "model.mixture_every");
  refuse(model.route != defaults.route, "model.route");
  refuse(model.shared != defaults.shared, "model.shared");
  if (model.mixture_every > model.depth)
    throw UserError(
        "{} = {} leaves no block with a mixture layer; expected at most model.depth = {}",
        schema.where("model.mixture_every"), model.mixture_every, model.depth);
  if (has_batch_norm(recipe))
    throw UserError(
        "{}: batch norm in the gate of a mixture layer; expected none, since a step may have one "
        "decision",
        schema.where("gate.layers"));
}

// What a Transformer has not got: a class for each decision, answers of single experts.
void check_whole_networks(const Recipe& recipe, const Schema& schema) {
  if (recipe.gate.kind == "classes")
    throw UserError(
        "{} = \"classes\" is told the class of a sample, and mixture layers route tokens; expected "
        "another gate.kind, or model.kind = \"mixture\"",
        schema.where("gate.kind"));
  const LossConfig& loss = recipe.loss;
  const bool of_every_expert = loss.kind == "stochastic" || loss.kind == "competitive";
  const auto refuse = [&](bool set, const char* key) {
    if (set)
      throw UserError(
          "{} reads what every expert, or the gate of a teacher, would answer alone; expected "
          "model.kind = \"mixture\", or another loss",
          schema.where(key));
  };
  refuse(of_every_expert, "loss.kind");
  refuse(loss.gate_correctness > 0, "loss.gate_correctness");
  refuse(loss.gate_distillation > 0, "loss.gate_distillation");
  refuse(loss.mutual_form == "kl", "loss.mutual_form");
  if (loss.compares_samples())
    throw UserError(
        "{} compares the inputs of whole networks; expected model.kind = \"mixture\", or 0",
        schema.where(loss.similarity_same > 0 ? "loss.similarity_same"
                                              : "loss.similarity_different"));
}

bool is_one_hot(const GateConfig& gate) {
  const auto above_zero = std::ranges::count_if(gate.weights, [](double w) { return w > 0; });
  return gate.kind == "classes" || (gate.kind == "fixed" && above_zero == 1);
}

// A weight on what is 0 whatever the experts answer, or whom no gradient reaches.
void check_mutual(const Recipe& recipe, const Schema& schema) {
  const LossConfig& loss = recipe.loss;
  if (loss.mutual_distillation == 0) return;
  const auto refuse = [&](const char* why, const char* expected) {
    throw UserError("{} = {} has no effect {}; expected {}, or 0",
                    schema.where("loss.mutual_distillation"), loss.mutual_distillation, why,
                    expected);
  };
  const bool weighted = loss.mutual_form == "gate_weighted";
  if (recipe.expert.count == 1) refuse("with expert.count = 1", "more experts");
  // Weighted by the gate it would teach the gate.
  if (recipe.start.experts == "freeze" && !weighted)
    refuse("on frozen experts", "start.experts = \"copy\" or \"draw\"");
  if (weighted && is_one_hot(recipe.gate))
    refuse("weighted by a gate that knows one expert a row", "loss.mutual_form = \"squared\"");
  if (loss.mutual_experts == "chosen" && experts_a_row(recipe.gate, recipe.expert.count) == 1)
    refuse("with loss.mutual_experts = \"chosen\", since the gate chooses one expert",
           "loss.mutual_experts = \"all\"");
}

void check_average(const Recipe& recipe, const Schema& schema) {
  if (recipe.train.average > 0 && recipe.train.epochs == 0)
    throw UserError("{} = {} has no effect with train.epochs = 0; expected 0",
                    schema.where("train.average"), recipe.train.average);
  if (recipe.train.average > 0 && recipe.train.patience > 0)
    throw UserError("{} and train.patience both choose the weights that count; expected one",
                    schema.where("train.average"));
  if (recipe.train.average > 0 && has_batch_norm(recipe))
    throw UserError(
        "{} would average the statistics of batch norm, which belong to other weights; expected 0, "
        "or no batch norm",
        schema.where("train.average"));
}

// Whether one of the layers is of that kind, by its first word.
bool holds(const std::vector<std::string>& layers, const std::string& kind) {
  return std::ranges::any_of(layers, [&](const std::string& layer) {
    std::string first;
    std::istringstream(layer) >> first;
    return first == kind;
  });
}

}  // namespace

bool has_batch_norm(const Recipe& recipe) {
  return holds(recipe.gate.layers, "batchnorm") ||
         (!recipe.model.transformer() && holds(recipe.expert.layers, "batchnorm"));
}

bool steps_are_alike(const Recipe& recipe) {
  const std::string& gate = recipe.gate.kind;
  const bool dense = gate == "softmax" || gate == "attentive" || gate == "fixed";
  return !recipe.model.transformer() && dense && !holds(recipe.expert.layers, "dropout") &&
         !holds(recipe.gate.layers, "dropout") && recipe.loss.mutual_distillation == 0;
}

void check(const Recipe& recipe, const Schema& schema) {
  schema.check_effects();
  if (recipe.expert.count == 1 && recipe.gate.kind != "fixed")
    throw UserError(
        "{} = \"{}\" has nothing to choose with expert.count = 1; expected gate.kind = "
        "\"fixed\" or more experts",
        schema.where("gate.kind"), recipe.gate.kind);
  check_start(recipe, schema);
  check_student(recipe, schema);
  if (recipe.model.transformer()) {
    check_mixture_layers(recipe, schema);
    check_whole_networks(recipe, schema);
  }
  check_average(recipe, schema);
  check_mutual(recipe, schema);
  if (recipe.loss.task == 0 && recipe.start.experts == "draw" && recipe.loss.distillation == 0)
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
