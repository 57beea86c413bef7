#include "moestro/report/layer_section.h"

#include <algorithm>

#include <fmt/format.h>

#include "moestro/report/dot_plot.h"
#include "moestro/report/escape.h"
#include "moestro/report/format.h"
#include "moestro/report/layer_finding.h"
#include "moestro/report/matrix_map.h"
#include "moestro/report/page.h"
#include "moestro/report/palette.h"
#include "moestro/report/probing_section.h"

namespace moestro {
namespace {

constexpr std::size_t kOpenLayers = 2;

std::string expert_colour(std::size_t e) {
  return colour_class(static_cast<int64_t>(e));
}

// Of the shares of many experts, each small, the deepest cell is four times an even one.
MatrixMap map_of(int64_t experts) {
  MatrixMap map;
  map.deepest = std::min(1., 4 / static_cast<double>(experts));
  for (std::size_t e = 0; e < static_cast<std::size_t>(experts); ++e)
    map.columns.push_back({std::to_string(e), expert_colour(e)});
  return map;
}

void add_row(MatrixMap& map, const std::string& name, std::vector<double> shares) {
  shares.resize(map.columns.size(), kNotKnown);  // other layers may have more experts
  map.rows.push_back({name, "faint"});
  auto& words = map.words.emplace_back();
  for (std::size_t e = 0; e < shares.size(); ++e)
    words.push_back(fmt::format("{}, expert {}: {} of the choices", printable(name), e,
                                percent_text(shares[e], 1)));
  map.values.push_back(std::move(shares));
}

std::string usage_figure(const InspectionRecord& inspection) {
  int64_t experts = 0;
  for (const LayerRecord& layer : inspection.layers) experts = std::max(experts, layer.experts);
  MatrixMap map = map_of(experts);
  map.title = "Which experts each layer chooses";
  for (const LayerRecord& layer : inspection.layers) add_row(map, layer.layer, layer.usage);
  map.note = fmt::format("Per cent of a layer's choices ({} set).", inspection.set);
  if (inspection.layers.size() > 1)
    map.note += " Experts of different layers have nothing but their number in common.";
  return matrix_map(map);
}

std::string entropy_figure(const InspectionRecord& inspection) {
  DotPlot plot;
  plot.title = "Entropy of each layer's gate, bits";
  plot.full_name = "one decision";
  plot.ring_name = "all together";
  plot.remark_name = "decisions";
  plot.note =
      "How much the gate hesitates (H_s), and how evenly it uses its experts over all decisions "
      "(H_u). The further apart, the sharper the split.";
  for (const LayerRecord& layer : inspection.layers)
    plot.rows.push_back({layer.layer, "ink", layer.sample_entropy, layer.usage_entropy,
                         count_text(layer.decisions)});
  return dot_plot(plot);
}

std::string position_figure(const LayerRecord& layer) {
  if (layer.positions.empty()) return {};
  const bool texts = !layer.tokens.empty();
  MatrixMap map = map_of(layer.experts);
  map.title = texts ? "By place in the sentence" : "By place in the image";
  for (std::size_t i = 0; i < layer.positions.size(); ++i)
    add_row(map, range_name(layer, i), layer.positions[i]);
  map.note = texts ? "Per cent of the choices of the tokens that stand there."
                   : "Per cent of the choices of these patches, counted row by row from above.";
  return matrix_map(map);
}

std::string token_list(const std::vector<TokenRecord>& tokens) {
  if (tokens.empty()) return "–";
  std::string out;
  for (const TokenRecord& token : tokens)
    out += fmt::format("<span title=\"{} times\">{} <small>{}</small></span> ",
                       count_text(token.count), escape_html(printable(token.token)),
                       percent_text(token.share, 0));
  return out;
}

bool marks_words(const LayerRecord& layer) {
  const auto marked = [](const TokenRecord& token) { return token.token.starts_with("▁"); };
  return std::any_of(layer.tokens.begin(), layer.tokens.end(), [&](const auto& list) {
    return std::any_of(list.begin(), list.end(), marked);
  });
}

std::string token_table(const LayerRecord& layer) {
  if (layer.tokens.empty()) return {};
  std::string rows;
  for (std::size_t e = 0; e < layer.tokens.size(); ++e)
    rows += fmt::format(
        "<tr><th scope=\"row\" class=\"{}\"><b>{}</b></th><td>{}</td><td>{}</td></tr>\n",
        expert_colour(e), e, percent_text(layer.usage[e], 1), token_list(layer.tokens[e]));
  return fmt::format(
      "<div>\n<h3>Tokens most typical of each expert</h3>\n<table class=\"tokens\">\n{}</table>\n"
      "<p class=\"quiet\">Share of the choices that the expert gets, and tokens that go to it more "
      "often than that, each with the share of its choices: the surest that this is no chance "
      "first.{}</p>\n</div>\n",
      rows, marks_words(layer) ? " A word begins at ▁." : "");
}

std::string layer_part(const LayerRecord& layer, bool open) {
  const std::string finding =
      fmt::format("<b>{}</b>: {}", escape_html(layer.layer), prose_html(layer_finding(layer)));
  const std::string content =
      figures_html(position_figure(layer) + token_table(layer)) + layer_probing_html(layer);
  if (content.empty()) return "<p class=\"layer\">" + finding + "</p>\n";
  return fmt::format("<details class=\"layer\"{}>\n<summary>{}</summary>\n{}</details>\n",
                     open ? " open=\"open\"" : "", finding, content);
}

}  // namespace

std::string layer_section(const InspectionRecord& inspection) {
  const std::vector<LayerRecord>& layers = inspection.layers;
  if (layers.empty()) return {};
  std::string content = figures_html(usage_figure(inspection) + entropy_figure(inspection));
  for (const LayerRecord& layer : layers)
    content += layer_part(layer, layers.size() <= kOpenLayers || &layer == &layers.front());
  return section_html(layers.size() == 1 ? "The mixture layer" : "Mixture layers", content);
}

}  // namespace moestro
