// The recipe's [expert] and [mixture].
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace moestro {

class Schema;

struct ExpertConfig {
  int64_t count = 5;                                     // E
  std::vector<std::string> layers = {"linear classes"};  // nn/layer_spec.h
};

struct MixtureConfig {
  std::string output = "probabilities";  // probabilities, logits, values
};

void describe(Schema& schema, ExpertConfig& expert);
void describe(Schema& schema, MixtureConfig& mixture);

}  // namespace moestro
