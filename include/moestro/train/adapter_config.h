// The recipe's [adapter]: the mixtures of adapters beside a pre-trained encoder's blocks
// (train/adapted_encoder.h), and what becomes of them from task to task.
#pragma once

#include <cstdint>

#include "moestro/nn/adapter_layer.h"

namespace moestro {

class Schema;

// Defaults as published (MoE-Adapters, Yu et al. 2024, arXiv 2403.11549); grow is chosen.
struct AdapterConfig {
  int64_t experts = 22, hidden = 64;  // a layer's; each one's hidden units
  int64_t k = 2;                      // chosen for a sample
  double dropout = .1, scale = .1;
  int64_t freeze = 2;  // most used experts of a layer that are frozen after a task
  int64_t shared = 0;
  int64_t grow = 2;  // appended where fewer than k are not frozen; 0: never
};

void describe(Schema& schema, AdapterConfig& adapter);

// Throws UserError for more chosen or frozen experts than there are.
void check_adapter(const AdapterConfig& adapter, const Schema& schema);

// Under noisy top-k gates, one linear layer each; the encoder says the width.
AdapterShape adapter_shape(const AdapterConfig& adapter);

}  // namespace moestro
