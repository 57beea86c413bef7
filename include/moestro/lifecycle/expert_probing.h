// Each expert of a mixture of whole networks alone, as summary.json and inspection.json have it.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "moestro/data/dataset.h"
#include "moestro/measure/probing.h"
#include "moestro/train/evaluation.h"

namespace moestro {

struct ExpertProbing {
  Probing errors;
  double disagreement = 0;   // V of nn/expert_variance.h
  double output_square = 0;  // mean square of what the gate mixes

  nlohmann::ordered_json totals_json() const;  // "probing" of summary.json
  nlohmann::ordered_json to_json() const;      // of inspection.json: a list over experts each, too
};

// evaluation: of more than one expert, made with options.experts on `data`. owner_N: int64, the
// expert that each row belongs to.
ExpertProbing probe_experts(const Evaluation& evaluation, const Dataset& data,
                            const Tensor& owner_N);

}  // namespace moestro
