// What the mixture layers of a Transformer make of a data set: inspection.json of models with
// mixture layers inside (docs/run-folder.md).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "moestro/lifecycle/layer_probing.h"
#include "moestro/measure/layer_usage.h"
#include "moestro/train/evaluation.h"

namespace moestro {

// The text of a token, UTF-8; none: the id stands for it.
using TokenName = std::function<std::string(int64_t id)>;

struct LayerInspection {
  struct Token {
    int64_t id = 0;
    std::string text;
    int64_t count = 0;  // its choices that went to the expert
    double share = 0;   // of all its choices
  };

  std::string layer;
  LayerUsage usage;
  // Places in ranges, each up to the next one's first: of texts 0, 1, 2, 4, 8, ...; of images rows
  // of patches. Empty where rows have no place (a single one).
  std::vector<int64_t> position_from;
  std::vector<std::vector<double>> positions;  // [range][expert] share of the choices
  std::vector<std::vector<Token>> tokens;      // of each expert; empty for images
  std::optional<LayerProbing> probing;         // where it was asked for

  nlohmann::ordered_json to_json() const;
};

// One a mixture layer of the model. options.experts does not matter.
std::vector<LayerInspection> inspect_layers(const Model& model, const Dataset& data,
                                            const Normaliser& normaliser,
                                            const EvaluationOptions& options,
                                            const TokenName& token_name);

// The tokens most typical of each expert, at most 12, by
//   n * (s log(s / u) + (1 - s) log((1 - s) / (1 - u))),
// half of Dunning's log-likelihood ratio (1993, "Accurate methods for the statistics of surprise
// and coincidence"): n choices of the token, a share s of them for the expert, which has a share u
// of all choices, s > u. Left out are tokens with less than 10 choices, and scores below 12, which
// chance alone reaches once in a million tokens. Of equal ones the lower id first. Without texts.
std::vector<std::vector<LayerInspection::Token>> typical_tokens(const Tensor& token_VE);

// The whole of inspection.json. rows: of the data set called `set`.
nlohmann::ordered_json layers_json(const std::vector<LayerInspection>& layers,
                                   const std::string& set, int64_t rows);

}  // namespace moestro
