// inspection.json: what each expert learned, on a data set (docs/run-folder.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "moestro/lifecycle/expert_probing.h"
#include "moestro/lifecycle/input_map.h"
#include "moestro/lifecycle/typical_samples.h"
#include "moestro/measure/usage.h"
#include "moestro/train/evaluation.h"

namespace moestro {

struct Inspection {
  // Classes only. Matrices: row i is about the samples that expert i owns.
  struct Classes {
    std::vector<std::string> names;
    Tensor class_by_expert_CE;                   // int64
    std::vector<std::vector<std::string>> owns;  // classes most of whose samples go to expert e
    Tensor specialisation_E;                     // measure/specialisation_index.h
    Tensor right_EE, mistaken_owner_EE;          // measure/who_is_right.h
    double mixture_accuracy = 0, owner_accuracy = 0, oracle_accuracy = 0;
    double rescuable_errors = 0;  // NaN: no errors
  };

  std::string set;  // "test"
  int64_t rows = 0, experts = 0;
  Usage usage;
  Tensor accuracy_E, own_accuracy_E;  // regression: root mean squared errors
  std::optional<Classes> classes;
  Tensor owner_N;                       // int64, the most probable expert of each row
  std::vector<TypicalSamples> samples;  // one an expert
  // More than one expert.
  std::optional<ExpertProbing> probing;  // by owner_N
  std::optional<InputMap> map;

  nlohmann::ordered_json to_json() const;  // without owner_N
};

// evaluation: made with options.experts; normaliser: the one it was made with.
Inspection inspect(const Evaluation& evaluation, const Dataset& data, const Normaliser& normaliser,
                   const std::string& set);

}  // namespace moestro
