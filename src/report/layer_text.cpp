#include "moestro/report/layer_text.h"

#include <fmt/format.h>

#include "moestro/report/escape.h"
#include "moestro/report/format.h"
#include "moestro/report/layer_finding.h"
#include "moestro/report/wrapped.h"

namespace moestro {
namespace {

using Align = TextTable::Align;

constexpr int64_t kColumns = 80;
constexpr int64_t kTokenColumns = kColumns - 26;  // behind number, share and mass
constexpr int64_t kMostExperts = 12;              // that fit beside the name of a place

std::string fitting_tokens(const std::vector<TokenRecord>& tokens) {
  std::string out;
  for (const TokenRecord& token : tokens) {
    const std::string more = fmt::format("{}{} {}", out.empty() ? "" : "  ", printable(token.token),
                                         percent_text(token.share, 0));
    if (display_width(out + more) > kTokenColumns) break;
    out += more;
  }
  return out.empty() ? "–" : out;
}

std::string expert_rows(const LayerRecord& layer, Rules rules) {
  const bool texts = !layer.tokens.empty();
  TextTable table;
  for (const char* heading : {"expert", "choices", "mass"}) table.column(heading, Align::right);
  if (texts) table.column("typical tokens", Align::left);
  for (std::size_t e = 0; e < layer.usage.size(); ++e) {
    std::vector<std::string> cells = {
        std::to_string(e), percent_text(layer.usage[e], 1),
        percent_text(e < layer.importance.size() ? layer.importance[e] : kNotKnown, 1)};
    if (texts) cells.push_back(fitting_tokens(layer.tokens[e]));
    table.row(cells);
  }
  return table.str(rules);
}

std::string position_rows(const LayerRecord& layer, Rules rules) {
  if (layer.positions.empty() || layer.experts > kMostExperts) return {};
  TextTable table;
  table.column("% of choices", Align::left);
  for (int64_t e = 0; e < layer.experts; ++e) table.column(std::to_string(e), Align::right);
  for (std::size_t i = 0; i < layer.positions.size(); ++i) {
    std::vector<std::string> cells = {range_name(layer, i)};
    for (double share : layer.positions[i]) cells.push_back(fixed_text(100 * share, 0));
    table.row(cells);
  }
  return table.str(rules);
}

std::string finding_lines(const LayerRecord& layer) {
  return wrapped(layer.layer + ": " + layer_finding(layer));
}

}  // namespace

std::string layer_findings(const InspectionRecord& inspection) {
  std::string out;
  for (const LayerRecord& layer : inspection.layers) out += finding_lines(layer);
  return out;
}

std::string layer_text(const InspectionRecord& inspection, Rules rules) {
  std::string out;
  for (const LayerRecord& layer : inspection.layers) {
    if (!out.empty()) out += '\n';
    out += finding_lines(layer) + expert_rows(layer, rules) + position_rows(layer, rules);
  }
  return out;
}

}  // namespace moestro
