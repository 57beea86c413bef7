// The learning rate over a run.
#pragma once

#include <cstdint>

#include "moestro/train/train_config.h"

namespace moestro {

class Schedule {
 public:
  Schedule(const TrainConfig& config, int64_t total_steps);

  // The rate of a step, counted from 0.
  //   constant:  rate
  //   cosine:    linear from rate / W over the W warm-up steps, then rate * (1 + cos(pi t)) / 2
  //   one_cycle: cosine from rate / 25 up to rate over the warm-up share, cosine down towards
  //              rate / 250,000 (Smith and Topin 2018; the usual divisors)
  //   inverse_sqrt: linear from rate / W up over the W warm-up steps, then rate * sqrt(W / (step +
  //   1))
  //              (Vaswani et al. 2017, eq. 3)
  double rate(int64_t step) const;

 private:
  enum class Kind { constant, cosine, one_cycle, inverse_sqrt } kind_;
  double rate_, warmup_steps_, total_steps_;
};

}  // namespace moestro
