#include "moestro/report/folded_text.h"

#include <algorithm>

#include "moestro/report/folded_table.h"
#include "moestro/report/format.h"

namespace moestro {
namespace {

using Align = TextTable::Align;

constexpr std::size_t kExpertsBeside = 8;  // that fit behind the name of a layer

std::string layer_rows(const std::vector<FoldedLayerRecord>& layers, Rules rules) {
  const NotedTable table = folded_table(layers);
  return table.rows.empty() ? "" : "What was kept, layer by layer\n" + table_text(table, rules);
}

// One number an expert.
struct KeptRow {
  std::string name;
  std::vector<std::string> cells;
};

void add_rows(std::vector<KeptRow>& rows, const std::string& name, const char* counted,
              const std::vector<int64_t>& counts, const char* shared,
              const std::vector<double>& shares) {
  KeptRow& first = rows.emplace_back(KeptRow{name + ": " + counted, {}});
  for (const int64_t count : counts) first.cells.push_back(count_text(count));
  KeptRow& second = rows.emplace_back(KeptRow{name + ": " + shared, {}});
  for (const double share : shares) second.cells.push_back(fixed_text(100 * share, 0));
}

std::vector<KeptRow> rows_by_expert(const std::vector<FoldedLayerRecord>& layers) {
  std::vector<KeptRow> rows;
  for (const FoldedLayerRecord& layer : layers) {
    for (std::size_t h = 0; h < layer.hidden.size(); ++h)
      add_rows(rows, hidden_name(layer, h), "units", layer.hidden[h].units, "strength, %",
               layer.hidden[h].strength);
    for (const KeptSingularRecord& kept : layer.matrices)
      add_rows(rows, matrix_name(layer, kept), "rank", kept.rank, "energy, %", kept.energy);
  }
  return rows;
}

// Experts that do not fit beside each other follow in tables of their own.
std::string expert_rows(const std::vector<FoldedLayerRecord>& layers, Rules rules) {
  const std::vector<KeptRow> rows = rows_by_expert(layers);
  std::size_t experts = 0;
  for (const KeptRow& row : rows) experts = std::max(experts, row.cells.size());
  std::string text;
  for (std::size_t first = 0; first < experts; first += kExpertsBeside) {
    const std::size_t end = std::min(experts, first + kExpertsBeside);
    TextTable table;
    table.column("expert", Align::left);
    for (std::size_t e = first; e < end; ++e) table.column(std::to_string(e), Align::right);
    for (const KeptRow& row : rows) {
      std::vector<std::string> cells = {row.name};
      for (std::size_t e = first; e < end; ++e)
        cells.push_back(e < row.cells.size() ? row.cells[e] : "");
      table.row(cells);
    }
    text += table.str(rules);
  }
  return text.empty() ? text : "What was kept of each expert\n" + text;
}

}  // namespace

std::string folded_text(const std::vector<FoldedLayerRecord>& layers, Rules rules) {
  const std::string whole = layer_rows(layers, rules), each = expert_rows(layers, rules);
  return whole + (whole.empty() || each.empty() ? "" : "\n") + each;
}

}  // namespace moestro
