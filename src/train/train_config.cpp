#include "moestro/train/train_config.h"

#include "moestro/core/schema.h"
#include "moestro/nn/gate_config.h"

namespace moestro {

namespace {

void describe_update(Section& section, TrainConfig& train) {
  section.field("rate", train.rate, "learning rate; the highest one of a schedule").above(0);
  section
      .field("schedule", train.schedule,
             "the rate over the run; one_cycle: cosine up from rate / 25 and down towards rate / "
             "250,000; inverse_sqrt: linear up, then falling with the root of the step")
      .one_of({"constant", "cosine", "one_cycle", "inverse_sqrt"});
  section.field("warmup", train.warmup, "share of the steps in which the rate rises")
      .at_least(0)
      .below(1)
      .only_when("train.schedule", {"cosine", "one_cycle", "inverse_sqrt"});
  section.field("optimiser", train.optimiser, "what turns gradients into updates")
      .one_of({"adam", "adamw", "sgd", "rmsprop"});
  section.field("beta2", train.beta2, "share of the average of squared gradients that goes on")
      .at_least(0)
      .below(1)
      .only_when("train.optimiser", {"adam", "adamw"});
  section
      .field("weight_decay", train.weight_decay,
             "added to the gradient (adam, sgd, rmsprop) or taken off the weights (adamw)")
      .at_least(0);
  section.field("momentum", train.momentum, "share of the last update that goes on")
      .at_least(0)
      .below(1)
      .only_when("train.optimiser", {"sgd", "rmsprop"});
  section.field("clip", train.clip, "largest norm of the gradient; 0: no limit").at_least(0);
}

void describe_machine(Section& section, TrainConfig& train) {
  section.field("seed", train.seed, "of every random draw: weights, order, noise, splits")
      .at_least(0);
  section.field("device", train.device, "auto: a CUDA device where there is one")
      .one_of({"auto", "cpu", "cuda"});
  section
      .field("precision", train.precision,
             "of products; bf16 keeps float32 weights and a float32 gate softmax")
      .one_of({"float32", "bf16"});
  section.field("threads", train.threads, "CPU threads; 0: as many as LibTorch takes").at_least(0);
  section.field("keep", train.keep, "checkpoints kept besides the best one").at_least(1);
}

Section& section_of(Schema& schema) {
  return schema.section("train", "How the model is trained.");
}

}  // namespace

void describe(Schema& schema, TrainConfig& train) {
  Section& section = section_of(schema);
  section
      .field("epochs", train.epochs,
             "passes over the training rows; 0: none, for a student that is only folded")
      .at_least(0);
  describe_update(section, train);
  section.field("gate_rate", train.gate_rate, "factor on the rate of gates")
      .at_least(0)
      .only_when("gate.kind", learned_gate_kinds());
  section
      .field(
          "patience", train.patience,
          "stop after so many epochs without a lower validation loss, and keep the best weights; "
          "0: train to the end and keep the last")
      .at_least(0)
      .only_when("data.validation", {"*"});
  section
      .field("average", train.average,
             "the weights that count are the mean of those at the ends of so many last epochs, at "
             "most of all; 0: the last ones")
      .at_least(0);
  describe_machine(section, train);
  section
      .field("capture", train.capture,
             "on a GPU, whether a step of whole networks is written down once and then replayed, "
             "where every step is the same work (dense gates without noise, no dropout)")
      .only_when("model.kind", {"mixture"});
}

void describe_steps(Schema& schema, TrainConfig& train) {
  Section& section = section_of(schema);
  describe_update(section, train);
  describe_machine(section, train);
}

c10::ScalarType compute_type(const TrainConfig& train) {
  return train.precision == "bf16" ? c10::kBFloat16 : c10::kFloat;
}

}  // namespace moestro
