// What one mixture layer did on one batch. A loss, measure or hook reads traces and the batch
// (inputs, targets, row ids), nothing else.
#pragma once

#include <optional>
#include <string>

#include "moestro/nn/routing.h"

namespace moestro {

struct MixtureTrace {
  std::string layer;
  Routing routing;                // B decisions
  int64_t rows_per_decision = 1;  // R: 1, or the padded length T when a sentence is routed once;
                                  // N = B * R rows, decision by decision
  Tensor valid_N;  // bool, one a row, undefined without padding; a decision counts if
                   // any of its rows does
  std::optional<Tensor> out_ENC, hidden_ENF;  // all experts, when a term asked for all; hidden:
                                              // last hidden layer before its activation
  std::optional<Tensor> out_NKC;     // the chosen experts only, when a term asked for those
  std::optional<Tensor> x_MD, y_MD;  // of a Transformer's layer: what it was given and what it
                                     // gave, packed rows, when asked for
  bool of_target = false;  // rows are tokens of the batch's targets (a translator's decoder), not
                           // of its inputs
};

// What the readers of traces ask the forward pass to keep.
struct TraceNeeds {
  bool all_outputs = false, hidden = false, chosen_outputs = false, ends = false;
};

}  // namespace moestro
