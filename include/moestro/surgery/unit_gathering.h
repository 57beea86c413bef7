// A dense network made of chosen units of all experts.
#pragma once

#include <vector>

#include "moestro/store/safetensors.h"
#include "moestro/surgery/unit_choice.h"

namespace moestro {

// A student's tensors, without an expert axis. Its units keep the weights among those of their own
// expert and have 0 between experts; what belongs to no unit (the output's bias, embeddings) is the
// mean over the experts that have units in the last hidden layer, all without hidden layers.
// student: the hidden layers of the student, which differ from the experts' in their widths.
// output: what the weights that read the last hidden layer are multiplied with.
NamedTensors gather_units(const ExpertTensors& experts, const std::vector<HiddenLayer>& layers,
                          const std::vector<HiddenLayer>& student,
                          const std::vector<UnitChoice>& choice, double output = 1);

}  // namespace moestro
