// What a student learns from a teacher's answers.
#pragma once

#include "moestro/nn/mixing.h"

namespace moestro {

// Of classes (probabilities, logits): mean over rows of T^2 KL(teacher_T || student_T), p_T =
// softmax(log p / T), in nats (Hinton et al. 2015). Of values: mean of (student - teacher)^2. Both
// as models give them, [N, C]; no gradient into the teacher's.
Tensor distillation_loss(const Tensor& student_NC, const Tensor& teacher_NC, OutputKind output,
                         double temperature);

}  // namespace moestro
