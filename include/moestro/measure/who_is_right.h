// Who would have been right: what the other experts say about the samples of each. predicted_NE
// int64: the class each expert predicts for each sample; probs_NE: the gate's probabilities;
// labels_N int64. A sample's owner is its most probable expert (the lowest index of equal ones).
// Each throws UserError where there is no sample.
#pragma once

#include "moestro/core/tensor.h"

namespace moestro {

// Double [E, E] on the CPU: entry [i][j] is the share of the samples owned by expert i that expert
// j answers rightly; the diagonal is own_accuracy. A row of NaN for an expert without samples.
Tensor right_by_owner(const Tensor& predicted_NE, const Tensor& probs_NE, const Tensor& labels_N);

// int64 [E, E] on the CPU, the confusion between experts: entry [i][j] counts the samples owned by
// expert i that i gets wrong and j right, so that the gate had better sent them to j.
Tensor mistaken_owner(const Tensor& predicted_NE, const Tensor& probs_NE, const Tensor& labels_N);

// The share of samples that at least one expert answers rightly: the accuracy of a mixture whose
// gate always picks a right expert, hence the most that a hard gate can reach with these experts.
double oracle_accuracy(const Tensor& predicted_NE, const Tensor& labels_N);

// Of the samples that the mixture gets wrong (predicted_N int64, its own answer), the share that
// some expert has right. NaN for a mixture without errors.
double rescuable_errors(const Tensor& predicted_NE, const Tensor& predicted_N,
                        const Tensor& labels_N);

}  // namespace moestro
