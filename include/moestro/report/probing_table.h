// Experts alone, as rows of texts: for a terminal and for a page.
#pragma once

#include <string>
#include <vector>

#include "moestro/report/probing_record.h"

namespace moestro {

struct ProbingTable {
  std::vector<std::string> headings;  // the first is "expert"
  std::vector<std::vector<std::string>> rows;
};

// A row an expert: its share of the samples, its errors on its own, on the others' and on all; the
// last one, "all", is over all experts. Of a partition the part that each expert has stands beside
// its number.
ProbingTable probing_table(const ProbingRecord& probing, bool classes);

// A row an expert of a mixture layer: loss and error of the model's answers when all rows of the
// layer go to it, and where the layer decides once an answer the same of its own answers and the
// others'; the last row, "model", is the model left to itself.
ProbingTable layer_probing_table(const LayerProbingRecord& probing);

// "Alone, experts get 8.00 % of their own samples wrong and 45.0 % of the others', ...": what the
// table shows.
std::string probing_finding(const ProbingRecord& probing, bool classes);

}  // namespace moestro
