// The recipe's [loss]: the task's loss, and auxiliary terms by name and weight (0: off).
#pragma once

#include <string>

namespace moestro {

class Schema;

struct LossConfig {
  std::string kind = "expectation";  // expectation, stochastic, competitive, least_squares
  double task = 1;                   // weight of that loss; 0: the terms alone
  double label_smoothing = 0;        // expectation (Szegedy et al. 2016, 7)
  double importance = 0;             // Shazeer 2017
  double switch_balance = 0;         // Fedus 2021
  double z_loss = 0;                 // Zoph 2022
  // L_s (arXiv 2302.14703): beta_s and beta_d; what they mean is said in similarity.h
  double similarity_same = 0, similarity_different = 0;
  std::string similarity_form = "balanced";       // balanced, published
  std::string similarity_distance = "euclidean";  // cosine, features; controls: constant, shuffled
  std::string similarity_run;                     // features: the run whose experts are the map
  double gate_distillation = 0, gate_correctness = 0;  // gate_targets.h
  // Among the experts (arXiv 2402.00893): mutual_distillation.h
  double mutual_distillation = 0;            // alpha
  std::string mutual_form = "squared";       // squared, gate_weighted, kl
  std::string mutual_experts = "all";        // all, chosen
  double mutual_temperature = 1;             // kl
  std::string mutual_schedule = "constant";  // constant, rise, fall
  // From student.teacher: distillation.h
  double distillation = 0;
  double distillation_temperature = 1;

  bool compares_samples() const { return similarity_same > 0 || similarity_different > 0; }
};

void describe(Schema& schema, LossConfig& loss);

}  // namespace moestro
