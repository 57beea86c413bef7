// A recipe up to this floor: everything that one training run needs to know.
#pragma once

#include "moestro/core/schema.h"
#include "moestro/data/config.h"
#include "moestro/nn/expert_config.h"
#include "moestro/nn/gate_config.h"
#include "moestro/nn/model_config.h"
#include "moestro/objective/loss_config.h"
#include "moestro/train/start_config.h"
#include "moestro/train/student_config.h"
#include "moestro/train/train_config.h"

namespace moestro {

struct Recipe {
  DataConfig data;
  ModelConfig model;
  ExpertConfig expert;
  GateConfig gate;
  MixtureConfig mixture;
  LossConfig loss;
  StartConfig start;
  StudentConfig student;
  TrainConfig train;
};

// Binds [data] [model] [expert] [gate] [mixture] [loss] [start] [student] [train].
void describe(Schema& schema, Recipe& recipe);

// Contradictions between keys that no single key shows. Throws UserError.
void check(const Recipe& recipe, const Schema& schema);

// Whether experts or gate have a layer with statistics of the batch.
bool has_batch_norm(const Recipe& recipe);

// Whether every training step of whole networks asks the same work of a device, whatever its rows
// are: all experts are computed, nothing is drawn and no weight of the loss moves.
bool steps_are_alike(const Recipe& recipe);

// The values and the schema bound to them; stays where it is made.
class RecipeDocument {
 public:
  RecipeDocument() { describe(schema, recipe); }
  RecipeDocument(const RecipeDocument&) = delete;
  RecipeDocument& operator=(const RecipeDocument&) = delete;

  Recipe recipe;
  Schema schema;
};

}  // namespace moestro
