// Each expert of each mixture layer of a Transformer alone: all rows of one layer go to it with
// weight 1, while the other layers route as trained; what the model then answers. The protocol is
// chosen (after arXiv 2402.00893, which probes whole experts).
#pragma once

#include <optional>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "moestro/train/evaluation.h"

namespace moestro {

// Scores: loss of the answers in nats and the share of wrong ones; of values the squared error and
// its root, in the target's units. NaN where there is no such answer.
struct LayerProbing {
  // Where a layer decides once an answer (once a sample, or for the token of a translation that is
  // next): an expert's own answers are those for which the layer, left to itself, gives it the
  // largest weight. Lists over experts.
  struct Split {
    std::vector<double> share;
    std::vector<Scores> own, others;
  };
  Scores model;  // left to itself
  std::vector<Scores> all;
  std::optional<Split> split;

  nlohmann::ordered_json to_json() const;
};

// One a mixture layer, in the order of model.mixture_names(). Takes one pass over the rows, which
// have targets, and another one for each expert of each layer.
std::vector<LayerProbing> probe_layers(const Model& model, const Dataset& data,
                                       const Normaliser& normaliser,
                                       const EvaluationOptions& options);

}  // namespace moestro
