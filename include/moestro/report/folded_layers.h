// What became of each bank of experts when a mixture was folded.
#pragma once

#include <string>
#include <vector>

#include "moestro/report/student_record.h"

namespace moestro {

struct FoldedTable {
  std::vector<std::string> headings;
  std::vector<std::vector<std::string>> rows;  // a layer each, or one a hidden layer
};

// layer, experts taken, units kept, their share of the strength, rank, energy, similarity of the
// units before and after they were put into order with its bound, scale, residual. Columns that no
// layer has are left out; nothing where only the layers' names are left.
FoldedTable folded_table(const std::vector<FoldedLayerRecord>& layers);

// <figure>s, a column an expert: the share of strength that its kept units have, and the share of
// energy kept of each of its matrices. Of several layers a figure each tensor, a row each layer.
std::string folded_figures(const std::vector<FoldedLayerRecord>& layers);

// HTML: the table, folded away where it is long, what its columns mean, and the figures. Empty
// where there is nothing to say.
std::string folded_layers(const std::vector<FoldedLayerRecord>& layers);

}  // namespace moestro
