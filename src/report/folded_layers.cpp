#include "moestro/report/folded_layers.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "moestro/report/escape.h"
#include "moestro/report/format.h"
#include "moestro/report/matrix_map.h"
#include "moestro/report/page.h"
#include "moestro/report/palette.h"

namespace moestro {
namespace {

constexpr std::size_t kMostOpenRows = 12, kMostListed = 6;

std::size_t rows_of(const FoldedLayerRecord& layer) {
  return std::max({layer.hidden.size(), layer.alignment.size(), std::size_t{1}});
}

std::string row_name(const FoldedLayerRecord& layer, std::size_t hidden) {
  if (rows_of(layer) == 1) return layer.layer;
  const std::string name = fmt::format("hidden layer {}", hidden + 1);
  return layer.layer == "experts" ? name : layer.layer + ", " + name;
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

// once: of the whole layer, said in the first of its rows.
struct Column {
  const char* heading;
  bool once;
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

std::string notes(const FoldedTable& table) {
  std::string text;
  for (const Column& column : kColumns) {
    const bool shown = std::find(table.headings.begin(), table.headings.end(), column.heading) !=
                       table.headings.end();
    if (shown && *column.meaning) text += (text.empty() ? "" : " ") + std::string(column.meaning);
  }
  return text;
}

std::string cells_html(const std::vector<std::string>& cells, const char* scope) {
  const bool head = std::string_view(scope) == "col";
  std::string html = fmt::format("<th scope=\"{}\">{}</th>", scope, escape_html(cells.front()));
  for (std::size_t i = 1; i < cells.size(); ++i)
    html += head ? fmt::format("<th scope=\"col\">{}</th>", escape_html(cells[i]))
                 : fmt::format("<td>{}</td>", escape_html(cells[i]));
  return "<tr>" + html + "</tr>";
}

std::string table_html(const FoldedTable& table) {
  std::string rows;
  for (const auto& row : table.rows) rows += cells_html(row, "row") + "\n";
  return fmt::format(
      "<div class=\"scroll\">\n<table class=\"runs alone\">\n<thead>{}</thead>\n<tbody>\n{}"
      "</tbody>\n</table>\n</div>\n<p class=\"quiet\">{}</p>\n",
      cells_html(table.headings, "col"), rows, escape_html(notes(table)));
}

MatrixMap map_of(std::size_t experts, const std::string& title, const std::string& note) {
  MatrixMap map;
  map.title = title;
  map.note = note;
  for (std::size_t e = 0; e < experts; ++e)
    map.columns.push_back({std::to_string(e), colour_class(static_cast<int64_t>(e))});
  return map;
}

// what: "units", "directions". Layers may have fewer experts than the map has columns.
void add_row(MatrixMap& map, const std::string& name, const std::vector<int64_t>& counts,
             std::vector<double> shares, const char* what) {
  auto& words = map.words.emplace_back(map.columns.size());
  for (std::size_t e = 0; e < shares.size(); ++e)
    words[e] = fmt::format("{}, expert {}: {} {}, {}", printable(name), e, count_text(counts[e]),
                           what, percent_text(shares[e], 1));
  shares.resize(map.columns.size(), kNotKnown);
  map.rows.push_back({name, "faint"});
  map.values.push_back(std::move(shares));
}

std::string strength_figure(const std::vector<FoldedLayerRecord>& layers) {
  std::size_t experts = 0;
  for (const FoldedLayerRecord& layer : layers)
    for (const KeptUnitsRecord& kept : layer.hidden) experts = std::max(experts, kept.units.size());
  MatrixMap map = map_of(experts, "Strength kept of each expert",
                         "Per cent of the squared strength of the expert's units.");
  for (const FoldedLayerRecord& layer : layers)
    for (std::size_t h = 0; h < layer.hidden.size(); ++h)
      add_row(map, row_name(layer, h), layer.hidden[h].units, layer.hidden[h].strength, "units");
  return matrix_map(map);
}

// tensor: empty for all.
std::string energy_figure(const std::vector<FoldedLayerRecord>& layers, const std::string& tensor) {
  std::size_t experts = 0;
  for (const FoldedLayerRecord& layer : layers)
    for (const KeptSingularRecord& kept : layer.matrices)
      experts = std::max(experts, kept.rank.size());
  MatrixMap map =
      map_of(experts, tensor.empty() ? "Energy kept of each matrix" : "Energy kept of " + tensor,
             "Per cent of the squared singular values of the expert's matrix.");
  for (const FoldedLayerRecord& layer : layers)
    for (const KeptSingularRecord& kept : layer.matrices)
      if (tensor.empty() || kept.tensor == tensor)
        add_row(map, tensor.empty() ? kept.tensor : layer.layer, kept.rank, kept.energy,
                "directions");
  return matrix_map(map);
}

std::vector<std::string> tensors_of(const std::vector<FoldedLayerRecord>& layers) {
  std::vector<std::string> names;
  std::set<std::string> seen;
  for (const FoldedLayerRecord& layer : layers)
    for (const KeptSingularRecord& kept : layer.matrices)
      if (seen.insert(kept.tensor).second) names.push_back(kept.tensor);
  return names;
}

}  // namespace

FoldedTable folded_table(const std::vector<FoldedLayerRecord>& layers) {
  FoldedTable table{{"layer"}, {}};
  for (const FoldedLayerRecord& layer : layers)
    for (std::size_t h = 0; h < rows_of(layer); ++h) table.rows.push_back({row_name(layer, h)});
  for (const Column& column : kColumns) {
    std::vector<std::string> cells;
    for (const FoldedLayerRecord& layer : layers)
      for (std::size_t h = 0; h < rows_of(layer); ++h)
        cells.push_back(column.once && h > 0 ? std::string() : column.cell(layer, h));
    if (std::all_of(cells.begin(), cells.end(), [](const auto& cell) { return cell.empty(); }))
      continue;
    table.headings.emplace_back(column.heading);
    for (std::size_t i = 0; i < cells.size(); ++i) table.rows[i].push_back(std::move(cells[i]));
  }
  return table.headings.size() > 1 ? table : FoldedTable{};
}

std::string folded_figures(const std::vector<FoldedLayerRecord>& layers) {
  std::string figures = strength_figure(layers);
  if (layers.size() == 1) return figures + energy_figure(layers, "");
  for (const std::string& tensor : tensors_of(layers)) figures += energy_figure(layers, tensor);
  return figures;
}

std::string folded_layers(const std::vector<FoldedLayerRecord>& layers) {
  const FoldedTable table = folded_table(layers);
  std::string html;
  if (!table.rows.empty()) {
    const bool long_one = table.rows.size() > kMostOpenRows;
    html = long_one ? fmt::format("<details>\n<summary>All {} layers</summary>\n{}</details>\n",
                                  layers.size(), table_html(table))
                    : table_html(table);
  }
  return html + figures_html(folded_figures(layers));
}

}  // namespace moestro
