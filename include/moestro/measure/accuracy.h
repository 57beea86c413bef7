// How often experts are right. predicted_NE int64: the class each expert predicts for each sample;
// probs_NE: the gate's probabilities; labels_N int64. A sample's owner is its most probable expert
// (the lowest index of equal ones). Each throws UserError where there is no sample.
#pragma once

#include "moestro/core/tensor.h"

namespace moestro {

// Double [E] on the CPU: each expert on all samples.
Tensor expert_accuracy(const Tensor& predicted_NE, const Tensor& labels_N);

// Double [E] on the CPU: each expert on the samples it owns; NaN for an expert without any.
Tensor own_accuracy(const Tensor& predicted_NE, const Tensor& probs_NE, const Tensor& labels_N);

// int64 [N]: the class that the owner predicts.
Tensor owner_prediction(const Tensor& predicted_NE, const Tensor& probs_NE);

// The mixture made hard: every sample answered by its owner alone.
double hard_top1_accuracy(const Tensor& predicted_NE, const Tensor& probs_NE,
                          const Tensor& labels_N);

// Of one prediction a sample, int64 [N]: the mean over the classes that occur of how many of their
// samples are right.
double balanced_accuracy(const Tensor& predicted_N, const Tensor& labels_N);

}  // namespace moestro
