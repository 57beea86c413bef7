// The recipe's [train].
#pragma once

#include <cstdint>
#include <string>

#include <c10/core/ScalarType.h>

namespace moestro {

class Schema;

struct TrainConfig {
  int64_t epochs = 20;
  double rate = 1e-3;                 // learning rate; the highest one of a schedule
  double gate_rate = 1;               // factor on it, of gates
  std::string schedule = "constant";  // constant, cosine, one_cycle, inverse_sqrt
  double warmup = 0.25;               // share of the steps
  std::string optimiser = "adam";     // adam, adamw, sgd
  double beta2 = .999;                // adam, adamw
  double weight_decay = 0;
  double momentum = 0;   // sgd
  double clip = 0;       // largest norm of the gradient; 0: off
  int64_t patience = 0;  // epochs without a better validation loss; 0: off
  int64_t average = 0;   // last epochs whose weights are averaged; 0: off
  int64_t seed = 0;
  std::string device = "auto";
  std::string precision = "float32";  // float32, bf16
  bool capture = true;                // CUDA: steps are replayed, where they are alike
  int64_t threads = 0;                // 0: LibTorch's choice
  int64_t keep = 2;                   // checkpoints kept besides the best
};

void describe(Schema& schema, TrainConfig& train);
// Where something else says how many steps there are: without epochs, gate_rate,
// patience and average.
void describe_steps(Schema& schema, TrainConfig& train);

// What inputs are cast to, and with them every product: float32 or bfloat16.
c10::ScalarType compute_type(const TrainConfig& train);

}  // namespace moestro
