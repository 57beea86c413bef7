// The recipe of `moestro continual`: a stream of tasks and what learns them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "moestro/core/schema.h"
#include "moestro/train/adapter_config.h"
#include "moestro/train/merge_config.h"
#include "moestro/train/train_config.h"

namespace moestro {

struct StreamConfig {
  // A Hugging Face folder with a BERT and its tokenizer, for texts; or a finished run with
  // model.kind = "vit", for images.
  std::string encoder;
  std::vector<std::string> tasks;  // task files (data/task_file.h), in the order they are learned
  int64_t samples = 0;             // training rows a class; 0: all
  int64_t most = 5000;             // training rows a task
  int64_t most_test = 1000;
  int64_t support = 16;  // images: training rows that a class is compared with
  int64_t longest = 64;  // tokens of a text, where its task does not say
  int64_t steps = 300;   // of a task
  int64_t batch = 64;
  double label_smoothing = .2;
  double replay = 0;          // share of earlier tasks' rows
  double scale = 20;          // what cosines are multiplied with
  std::string rows = "test";  // test, valid: what the matrix is measured on
  std::string reference;      // texts of no task, one a line, for the selector; empty: none
};

struct ContinualRecipe {
  ContinualRecipe();

  StreamConfig stream;
  AdapterConfig adapter;
  MergeConfig merge;
  TrainConfig train;  // steps are stream.steps
};

// Binds [stream] [adapter] [merge], which no other recipe has; describe() also [train].
void describe_stream(Schema& schema, ContinualRecipe& recipe);
void describe(Schema& schema, ContinualRecipe& recipe);

// Contradictions between keys. Throws UserError.
void check(const ContinualRecipe& recipe, const Schema& schema);

// The values and the schema bound to them; stays where it is made.
class ContinualDocument {
 public:
  ContinualDocument() { describe(schema, recipe); }
  ContinualDocument(const ContinualDocument&) = delete;
  ContinualDocument& operator=(const ContinualDocument&) = delete;

  ContinualRecipe recipe;
  Schema schema;
};

}  // namespace moestro
