// The recipe's [adapter]: the mixtures of adapters beside a pre-trained encoder's blocks
// (train/adapted_encoder.h), and what becomes of them from task to task.
#pragma once

#include <cstdint>
#include <string>

#include "moestro/nn/adapter_layer.h"

namespace moestro {

class Schema;

// Defaults as published (MoE-Adapters, Yu et al. 2024, arXiv 2403.11549); grow is chosen, and so is
// how sharing and experts of a task's own, which are there to be compared with, are made.
struct AdapterConfig {
  std::string kind = "mixture";       // mixture, own, none
  int64_t experts = 22, hidden = 64;  // a layer's; each one's hidden units
  int64_t k = 2;                      // chosen for a sample
  double dropout = .1, scale = .1;
  double start = 1;           // factor on the gates' initial weights
  int64_t freeze = 2;         // most used experts of a layer that are frozen after a task
  int64_t shared = 0;         // experts of a layer that every sample meets, besides those chosen
  int64_t shared_layers = 0;  // the first so many have one expert, which all tasks learn and meet
  int64_t grow = 2;           // appended where fewer than k are not frozen; 0: never
};

void describe(Schema& schema, AdapterConfig& adapter);

// Throws UserError for more chosen or frozen experts than there are.
void check_adapter(const AdapterConfig& adapter, const Schema& schema);

// How many of a layer's experts at most are frozen after a task, and how many are appended at once
// where some are missing: of those that tasks have for themselves one.
int64_t frozen_a_task(const AdapterConfig& adapter);
int64_t appended_at_once(const AdapterConfig& adapter);

// Under noisy top-k gates, one linear layer each; the encoder says the width.
AdapterShape adapter_shape(const AdapterConfig& adapter);

}  // namespace moestro
