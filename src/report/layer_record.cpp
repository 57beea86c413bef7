#include "moestro/report/layer_record.h"

#include <algorithm>

#include <fmt/format.h>

#include "json_lists.h"

namespace moestro {
namespace {

using nlohmann::json;

std::vector<int64_t> places_of(const JsonView& view) {
  std::vector<int64_t> places;
  for (const json& place : view.list("position_from")) {
    const bool rises = place.is_number_integer() &&
                       (places.empty() ? place == 0 : place.get<int64_t>() > places.back());
    if (!rises) view.fail("key \"position_from\" holds no places that rise from 0");
    places.push_back(place.get<int64_t>());
  }
  return places;
}

std::vector<TokenRecord> token_list(const JsonView& view, const json& list) {
  if (!list.is_array()) view.fail("key \"tokens\" holds no lists of tokens");
  std::vector<TokenRecord> tokens;
  for (const json& entry : list) {
    const JsonView token(entry, view.where());
    tokens.push_back({token.text("token"), token.integer("count", 0), token.number("share")});
  }
  return tokens;
}

LayerRecord layer_of(const json& entry, const std::string& where) {
  const JsonView view(entry, where);
  LayerRecord layer;
  layer.layer = view.text("layer");
  layer.experts = view.integer("experts", 0);
  if (layer.experts < 1)
    view.fail(fmt::format("key \"experts\" is {}, expected 1 or more", layer.experts));
  const auto experts = static_cast<std::size_t>(layer.experts);
  layer.decisions = view.integer("decisions", 0);
  layer.usage = per_expert(view, "usage", layer.experts);
  if (layer.usage.empty()) view.fail("key \"usage\" is missing");
  layer.importance = per_expert(view, "importance", layer.experts);
  layer.sample_entropy = view.number("sample_entropy");
  layer.usage_entropy = view.number("usage_entropy");
  layer.positions = rows_of_numbers(view, "positions", experts);
  layer.position_from = places_of(view);
  if (layer.position_from.size() != layer.positions.size())
    view.fail(fmt::format("key \"position_from\" has {} entries, expected {}",
                          layer.position_from.size(), layer.positions.size()));
  for (const json& list : view.list("tokens")) layer.tokens.push_back(token_list(view, list));
  check_length(view, "tokens", layer.tokens.size(), experts);
  layer.probing = layer_probing_record(entry, layer.experts, where);
  return layer;
}

}  // namespace

int64_t LayerRecord::experts_used() const {
  const double least = std::min(.01, .1 / static_cast<double>(experts));
  return std::count_if(usage.begin(), usage.end(), [&](double share) { return share >= least; });
}

std::vector<LayerRecord> layer_records(const json& list, const std::string& where) {
  std::vector<LayerRecord> layers;
  for (const json& entry : list)
    layers.push_back(layer_of(entry, fmt::format("{}: layer {}", where, layers.size())));
  return layers;
}

}  // namespace moestro
