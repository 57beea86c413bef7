// What became of each bank of experts when a mixture was folded, in numbers.
#pragma once

#include <string>
#include <vector>

#include "moestro/report/noted_table.h"
#include "moestro/report/student_record.h"

namespace moestro {

// layer, experts taken, units kept, their share of the strength, rank, energy, similarity of the
// units before and after they were put into order with its bound, scale, residual. A row a layer;
// of a layer with several hidden layers these follow, a row each. Columns that no row has are left
// out; no rows where nothing but names is left. The note says what the columns mean.
NotedTable folded_table(const std::vector<FoldedLayerRecord>& layers);

// "encoder.1", "whole network"; of several hidden layers "encoder.1, hidden layer 2", of whole
// networks "hidden layer 2".
std::string hidden_name(const FoldedLayerRecord& layer, std::size_t hidden);

// "encoder.1, up.weight"; of whole networks "up.weight".
std::string matrix_name(const FoldedLayerRecord& layer, const KeptSingularRecord& matrix);

}  // namespace moestro
