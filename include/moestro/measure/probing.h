// Expert probing: each expert alone, as if the gate were one-hot, on the rows that it owns, on the
// others' and on all. Source: Mutual Distillation of experts, arXiv 2402.00893; the protocol is
// chosen by us, since the numbers behind its name are not known.
//
// expert_predicted_NE: what each expert says of each row, classes (int64) or values. owner_N int64:
// the expert that a row belongs to, by the gate of the mixture or by a partition given from
// outside. targets_N: int64 classes, or values. Permuting the experts permutes the lists and
// changes nothing else. Each throws UserError where there is no row.
#pragma once

#include <optional>

#include "moestro/core/tensor.h"

namespace moestro {

// Errors: of classes the share of wrong ones, of values the root of the mean squared error, in the
// target's units.
struct Probing {
  struct Classes {
    double routing_accuracy = 0;  // of the rows that some expert has right, the share whose owner
                                  // has; NaN where no expert has any right
    double agreement = 0;  // share of rows with the same prediction, mean over pairs of experts
  };

  // Double [E] on the CPU; NaN for an expert without rows of its own, or without others'.
  Tensor share_E;  // of the rows that it owns
  Tensor own_E, others_E, all_E;
  // Over all rows: of each its owner; the mean over its other experts (NaN for one expert alone);
  // the mean over all. Of values means are of squares, before the root.
  double own = 0, others = 0, all = 0;
  double oracle_error = 0;  // of each row its best expert
  std::optional<Classes> classes;
};

Probing probe_classes(const Tensor& expert_predicted_NE, const Tensor& owner_N,
                      const Tensor& targets_N);
Probing probe_values(const Tensor& expert_predicted_NE, const Tensor& owner_N,
                     const Tensor& targets_N);

}  // namespace moestro
