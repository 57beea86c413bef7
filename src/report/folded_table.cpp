#include "moestro/report/folded_table.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "moestro/report/format.h"

namespace moestro {
namespace {

constexpr std::size_t kMostListed = 6;
constexpr const char* kNetwork = "experts";  // the layer of a mixture of whole networks

std::string layer_name(const FoldedLayerRecord& layer) {
  return layer.layer == kNetwork ? "whole network" : layer.layer;
}

std::string part_name(const FoldedLayerRecord& layer, const std::string& part) {
  return layer.layer == kNetwork ? part : layer.layer + ", " + part;
}

std::size_t hidden_layers(const FoldedLayerRecord& layer) {
  return std::max(layer.hidden.size(), layer.alignment.size());
}

// A row of the table: of a layer as a whole, of one of its hidden layers, or both.
struct Row {
  const FoldedLayerRecord& layer;
  std::string name;
  bool whole;
  std::optional<std::size_t> hidden;
};

std::vector<Row> rows_of(const std::vector<FoldedLayerRecord>& layers) {
  std::vector<Row> rows;
  for (const FoldedLayerRecord& layer : layers) {
    if (hidden_layers(layer) < 2) {
      rows.push_back({layer, layer_name(layer), true, 0});
      continue;
    }
    rows.push_back({layer, layer_name(layer), true, {}});
    for (std::size_t h = 0; h < hidden_layers(layer); ++h)
      rows.push_back({layer, hidden_name(layer, h), false, h});
  }
  return rows;
}

// "24 each", "0, 0, 1, 0", and of many experts "0–96".
std::string counts_text(const std::vector<int64_t>& counts) {
  const auto [low, high] = std::minmax_element(counts.begin(), counts.end());
  if (*low == *high) return counts.size() == 1 ? count_text(*low) : count_text(*low) + " each";
  if (counts.size() <= kMostListed) return fmt::format("{}", fmt::join(counts, ", "));
  return fmt::format("{}–{}", count_text(*low), count_text(*high));
}

// "28.0–28.4 %", of what is not known nothing.
std::string range_text(std::vector<double> shares) {
  std::erase_if(shares, [](double share) { return !std::isfinite(share); });
  if (shares.empty()) return {};
  const auto [low, high] = std::minmax_element(shares.begin(), shares.end());
  const std::string first = percent_text(*low, 1), last = percent_text(*high, 1);
  return first == last ? last : fixed_text(100 * *low, 1) + "–" + last;
}

std::string known(const std::string& text) {
  return text == "–" ? std::string() : text;
}

std::string ranks_cell(const FoldedLayerRecord& layer) {
  std::vector<int64_t> ranks;
  for (const KeptSingularRecord& matrix : layer.matrices)
    ranks.insert(ranks.end(), matrix.rank.begin(), matrix.rank.end());
  if (ranks.empty()) return {};
  const auto [low, high] = std::minmax_element(ranks.begin(), ranks.end());
  return *low == *high ? count_text(*low) : count_text(*low) + "–" + count_text(*high);
}

std::string energy_cell(const FoldedLayerRecord& layer) {
  std::vector<double> shares;
  for (const KeptSingularRecord& matrix : layer.matrices)
    shares.insert(shares.end(), matrix.energy.begin(), matrix.energy.end());
  return range_text(std::move(shares));
}

std::string similarity_cell(const FoldedLayerRecord& layer, std::size_t hidden,
                            double AlignmentRecord::*which) {
  return hidden < layer.alignment.size() ? known(fixed_text(layer.alignment[hidden].*which, 3))
                                         : std::string();
}

struct Column {
  const char* heading;
  bool whole;  // of the layer, else of a hidden layer
  std::string (*cell)(const FoldedLayerRecord& layer, std::size_t hidden);
  const char* meaning;
};

using Layer = const FoldedLayerRecord&;

const Column kColumns[] = {
    {"experts taken", true,
     [](Layer layer, std::size_t) { return fmt::format("{}", fmt::join(layer.experts, ", ")); },
     ""},
    {"units kept", false,
     [](Layer layer, std::size_t h) {
       return h < layer.hidden.size() ? counts_text(layer.hidden[h].units) : std::string();
     },
     "Units kept: of each expert."},
    {"strength", false,
     [](Layer layer, std::size_t h) {
       return h < layer.hidden.size() ? range_text(layer.hidden[h].strength) : std::string();
     },
     "Strength: the share of an expert's squared strength that these units have."},
    {"rank", true, [](Layer layer, std::size_t) { return ranks_cell(layer); },
     "Rank: singular directions kept of each matrix."},
    {"energy", true, [](Layer layer, std::size_t) { return energy_cell(layer); },
     "Energy: the share of a matrix's squared singular values that these hold."},
    {"alike before", false,
     [](Layer layer, std::size_t h) { return similarity_cell(layer, h, &AlignmentRecord::before); },
     "Alike: how near the experts' units come to those of the first expert, place by place, before "
     "and after they were put into order; 1 is the same but for a factor."},
    {"after", false,
     [](Layer layer, std::size_t h) { return similarity_cell(layer, h, &AlignmentRecord::after); },
     ""},
    {"at most", false,
     [](Layer layer, std::size_t h) { return similarity_cell(layer, h, &AlignmentRecord::bound); },
     "At most: no order of the layer's units comes above it."},
    {"scale", true, [](Layer layer, std::size_t) { return known(value_text(layer.scale, 3)); },
     "Scale: the factor of the output."},
    {"residual", true,
     [](Layer layer, std::size_t) { return known(percent_text(layer.residual, 1)); },
     "Residual: what is left of the mixture's output once the folded one is taken from it, as a "
     "share of its square, on training rows and before any training: 0 % is a perfect copy, 100 % "
     "no better than no output at all."},
};

}  // namespace

std::string hidden_name(const FoldedLayerRecord& layer, std::size_t hidden) {
  if (hidden_layers(layer) < 2) return layer_name(layer);
  return part_name(layer, fmt::format("hidden layer {}", hidden + 1));
}

std::string matrix_name(const FoldedLayerRecord& layer, const KeptSingularRecord& matrix) {
  return part_name(layer, matrix.tensor);
}

NotedTable folded_table(const std::vector<FoldedLayerRecord>& layers) {
  const std::vector<Row> rows = rows_of(layers);
  NotedTable table{{"layer"}, {}, {}};
  for (const Row& row : rows) table.rows.push_back({row.name});
  for (const Column& column : kColumns) {
    std::vector<std::string> cells;
    for (const Row& row : rows) {
      const bool said = column.whole ? row.whole : row.hidden.has_value();
      cells.push_back(said ? column.cell(row.layer, row.hidden.value_or(0)) : std::string());
    }
    if (std::all_of(cells.begin(), cells.end(), [](const auto& cell) { return cell.empty(); }))
      continue;
    table.headings.emplace_back(column.heading);
    if (*column.meaning && !table.note.empty()) table.note += ' ';
    table.note += column.meaning;
    for (std::size_t i = 0; i < cells.size(); ++i) table.rows[i].push_back(std::move(cells[i]));
  }
  return table.headings.size() > 1 ? table : NotedTable{};
}

}  // namespace moestro
