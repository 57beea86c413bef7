#include "moestro/report/folded_layers.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "moestro/report/escape.h"
#include "moestro/report/folded_table.h"
#include "moestro/report/format.h"
#include "moestro/report/matrix_map.h"
#include "moestro/report/page.h"
#include "moestro/report/palette.h"

namespace moestro {
namespace {

constexpr std::size_t kMostOpenRows = 12;

MatrixMap map_of(std::size_t experts, const std::string& title, const std::string& note) {
  MatrixMap map;
  map.title = title;
  map.note = note;
  map.coloured = false;  // shares of different experts are to be compared
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
      add_row(map, hidden_name(layer, h), layer.hidden[h].units, layer.hidden[h].strength, "units");
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

std::string folded_figures(const std::vector<FoldedLayerRecord>& layers) {
  std::string figures = strength_figure(layers);
  if (layers.size() == 1) return figures + energy_figure(layers, "");
  for (const std::string& tensor : tensors_of(layers)) figures += energy_figure(layers, tensor);
  return figures;
}

}  // namespace

std::string folded_layers(const std::vector<FoldedLayerRecord>& layers) {
  const NotedTable table = folded_table(layers);
  std::string html;
  if (table.rows.size() > kMostOpenRows)
    html = fmt::format("<details>\n<summary>All {} layers</summary>\n{}</details>\n", layers.size(),
                       table_html(table));
  else if (!table.rows.empty())
    html = "<div>\n<h3>Layer by layer</h3>\n" + table_html(table) + "</div>\n";
  return html + figures_html(folded_figures(layers));
}

}  // namespace moestro
