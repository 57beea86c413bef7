// What a run answers for rows, as a file.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "moestro/data/record.h"
#include "moestro/train/evaluation.h"
#include "moestro/train/recipe.h"

namespace moestro {

// Throws UserError for a file name with another ending than write_predictions() knows, or for a
// translator than .txt: to be asked before the work is done.
void check_predictions_name(const std::filesystem::path& path, bool translations = false);

// NAME.csv: a line a row: row, prediction (class name or value), probability (of classes), and of a
// mixture of whole networks expert (the most probable), gate (its probability). NAME.safetensors:
// predicted [N], probabilities [N, C] (classes), gate [N, E] (mixtures). Written atomically.
void write_predictions(const std::filesystem::path& path, const Evaluation& evaluation,
                       const DataRecord& data);

// A line a row; line ends inside become blanks. Written atomically.
void write_translations(const std::filesystem::path& path,
                        const std::vector<std::string>& translations);

// Throws UserError for a gate that must be told the answer.
void check_can_predict(const Recipe& recipe);

}  // namespace moestro
