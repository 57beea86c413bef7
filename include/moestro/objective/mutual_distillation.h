// Mutual distillation among experts (after MoDE, arXiv 2402.00893): a gate shows each expert part
// of the data; a moderate pull towards each other lets experts learn what the others saw (known).
// Which tensors, weights and norm are chosen here: with e_i what the gate mixes (of mixtures of
// probabilities their log-probabilities), of the K experts that take part,
//
//   V = 1/K sum_i ||e_i - ebar||^2,   ebar = 1/K sum_i e_i,   mean over rows and features
//
// Pairwise and leave-one-out forms are the same up to a constant factor (derived). Every function
// takes out_KNC as experts give it, in float32 at least inside, and valid_N as traces have it.
#pragma once

#include "moestro/nn/mixing.h"

namespace moestro {

struct LossConfig;

struct MutualDistillation {
  Tensor value;   // scalar, what is minimised
  Tensor square;  // scalar without gradient, 1/K sum_i ||e_i||^2, mean over rows and features: V
                  // may fall only because outputs shrink. Undefined for the kl form.
};

MutualDistillation mutual_distillation(const Tensor& out_KNC, OutputKind kind,
                                       const Tensor& valid_N = {});

// Control: sum_i w_i ||e_i - ebar_w||^2, ebar_w = sum_i w_i e_i, the weights of a row summing to 1.
// With the weights that the mixture mixes with, alpha = 1 makes its squared error Jacobs' localised
// loss, and an expert of weight 0 learns nothing from it (derived). Among all experts of a sparse
// gate the weights are its probabilities before the choice, which are others (chosen). The gradient
// flows into the weights, too.
MutualDistillation weighted_distillation(const Tensor& out_KNC, const Tensor& weights_NK,
                                         OutputKind kind, const Tensor& valid_N = {});

// T^2/K sum_i KL(pbar || p_i), p_i = softmax(e_i / T), pbar = 1/K sum_i p_i without gradient; mean
// over rows, in nats (chosen).
MutualDistillation divergence_distillation(const Tensor& out_KNC, double temperature,
                                           const Tensor& valid_N = {});

// alpha at a share of training that is over, from 0 to 1: constant, or on a straight line from 0
// (rise) or to 0 (fall).
double mutual_weight(const LossConfig& config, double progress);

}  // namespace moestro
