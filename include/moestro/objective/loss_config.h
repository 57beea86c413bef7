// The recipe's [loss]: the task's loss, and auxiliary terms by name and weight (0: off).
#pragma once

#include <string>

namespace moestro {

class Schema;

struct LossConfig {
  std::string kind = "expectation";  // expectation, stochastic, competitive, least_squares
  double importance = 0;             // Shazeer 2017
  double switch_balance = 0;         // Fedus 2021
  double z_loss = 0;                 // Zoph 2022
};

void describe(Schema& schema, LossConfig& loss);

}  // namespace moestro
