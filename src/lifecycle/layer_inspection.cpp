#include "moestro/lifecycle/layer_inspection.h"

#include <cmath>

#include "json_numbers.h"
#include "moestro/core/error.h"
#include "moestro/data/answers.h"

namespace moestro {
namespace {

constexpr int64_t kMostTokens = 12, kLeastChoices = 10, kMostRanges = 16;
constexpr double kLeastScore = 12;

// Of a trace.
struct Rows {
  Tensor positions_N, ids_N;  // ids undefined for images
  int64_t places = 0;         // of the longest sentence of the data set
};

// Token ids [B, T]; by token the rows are packed, by sentence padded to the longest of the batch.
Rows rows_of_sentences(const Tensor& ids_BT, bool by_sentence, int64_t places) {
  const Tensor positions_BT =
      at::arange(ids_BT.size(1), ids_BT.options().dtype(at::kLong)).expand(ids_BT.sizes());
  if (by_sentence) return {positions_BT.flatten(), ids_BT.to(at::kLong).flatten(), places};
  const Tensor token_BT = ids_BT.ge(0);
  return {positions_BT.masked_select(token_BT), ids_BT.masked_select(token_BT).to(at::kLong),
          places};
}

Rows rows_of(const MixtureTrace& trace, const Batch& batch, const Dataset& data) {
  const bool by_sentence = trace.rows_per_decision > 1;
  if (trace.of_target)
    return rows_of_sentences(without_last(batch.targets_N), by_sentence,
                             data.targets_N.size(1) - 1);
  if (data.is_text()) return rows_of_sentences(batch.inputs, by_sentence, data.inputs.size(1));
  const Tensor& probs_BE = trace.routing.probs_BE;
  const int64_t samples = batch.inputs.size(0);
  const int64_t places = probs_BE.size(0) * trace.rows_per_decision / samples;
  const Tensor place_T = at::arange(places, probs_BE.options().dtype(at::kLong));
  return {place_T.repeat({samples}), {}, places};
}

// Images: whole rows of patches where they make a square, after a class token if there is one.
std::vector<int64_t> patch_ranges(int64_t places) {
  const auto root = static_cast<int64_t>(std::lround(std::sqrt(static_cast<double>(places))));
  const bool first = places > 2 && root * root == places - 1;
  const bool square = first || root * root == places;
  const int64_t line = square ? root : 1, patches = places - first;
  const int64_t lines = (patches + line - 1) / line;
  const int64_t width = line * ((lines + kMostRanges - 1) / kMostRanges);
  std::vector<int64_t> from;
  if (first) from.push_back(0);
  for (int64_t place = first; place < places; place += width) from.push_back(place);
  return from;
}

std::vector<int64_t> token_ranges(int64_t places) {
  std::vector<int64_t> from = {0};
  for (int64_t place = 1; place < places; place *= 2) from.push_back(place);
  return from;
}

void measure_positions(LayerInspection& inspection, bool texts) {
  const Tensor& counts_TE = inspection.usage.position_TE;
  const Tensor seen = counts_TE.sum(1).nonzero();
  const int64_t places = seen[-1].item<int64_t>() + 1;
  if (places < 2) return;
  inspection.position_from = texts ? token_ranges(places) : patch_ranges(places);
  const std::vector<int64_t>& from = inspection.position_from;
  for (size_t i = 0; i < from.size(); ++i) {
    const int64_t end = i + 1 < from.size() ? from[i + 1] : places;
    const Tensor sums_E = counts_TE.slice(0, from[i], end).sum(0).to(at::kDouble);
    inspection.positions.push_back(doubles(sums_E / sums_E.sum()));
  }
}

// Choices of a token for an expert beside what the expert's usage lets expect; 0: not listed.
Tensor scores_of(const Tensor& token_VE) {
  const Tensor counts_VE = token_VE.to(at::kDouble), choices_V1 = counts_VE.sum(1, true);
  const Tensor usage_E = counts_VE.sum(0) / counts_VE.sum();
  const Tensor share_VE = counts_VE / choices_V1;  // of a token never met NaN, hence not listed
  const Tensor score_VE = at::xlogy(counts_VE, share_VE / usage_E) +
                          at::xlogy(choices_V1 - counts_VE, (1 - share_VE) / (1 - usage_E));
  const Tensor listed_VE = share_VE.gt(usage_E)
                               .logical_and(choices_V1.ge(kLeastChoices))
                               .logical_and(score_VE.ge(kLeastScore));
  return score_VE.masked_fill(listed_VE.logical_not(), 0);
}

void name_tokens(LayerInspection& inspection, const TokenName& token_name) {
  inspection.tokens = typical_tokens(inspection.usage.token_VE);
  for (auto& list : inspection.tokens)
    for (LayerInspection::Token& token : list)
      token.text = token_name ? token_name(token.id) : fmt::format("{}", token.id);
}

std::vector<LayerUsageCounter> counted(const Model& model, const Dataset& data,
                                       const Normaliser& normaliser,
                                       const EvaluationOptions& options) {
  std::vector<LayerUsageCounter> counters;
  const int64_t vocabulary = data.is_text() ? data.vocabulary : 0;
  visit_batches(data, normaliser, options, [&](const Batch& batch, const ForwardContext& context) {
    const std::vector<MixtureTrace> traces = model.forward(batch.inputs, context, {}).traces;
    for (size_t i = 0; i < traces.size(); ++i) {
      const Rows rows = rows_of(traces[i], batch, data);
      if (counters.size() == i)
        counters.emplace_back(traces[i].routing.probs_BE.size(1), rows.places, vocabulary,
                              options.device);
      counters[i].add(traces[i], rows.positions_N, rows.ids_N);
    }
  });
  return counters;
}

}  // namespace

std::vector<LayerInspection> inspect_layers(const Model& model, const Dataset& data,
                                            const Normaliser& normaliser,
                                            const EvaluationOptions& options,
                                            const TokenName& token_name) {
  const std::vector<MixtureName> names = model.mixture_names();
  const std::vector<LayerUsageCounter> counters = counted(model, data, normaliser, options);
  MOESTRO_CHECK(names.size() == counters.size(), "{} traces of {} mixture layers", counters.size(),
                names.size());
  std::vector<LayerInspection> layers;
  for (size_t i = 0; i < names.size(); ++i) {
    LayerInspection& inspection = layers.emplace_back();
    inspection.layer = names[i].layer;
    inspection.usage = counters[i].result();
    measure_positions(inspection, data.is_text());
    if (data.is_text()) name_tokens(inspection, token_name);
  }
  return layers;
}

std::vector<std::vector<LayerInspection::Token>> typical_tokens(const Tensor& token_VE) {
  const int64_t most = std::min(kMostTokens, token_VE.size(0));
  const Tensor choices_V = token_VE.sum(1);
  const auto [score_VE, order_VE] =
      scores_of(token_VE).sort(/*stable=*/true, 0, /*descending=*/true);
  std::vector<std::vector<LayerInspection::Token>> tokens(token_VE.size(1));
  for (int64_t e = 0; e < token_VE.size(1); ++e)
    for (int64_t i = 0; i < most && score_VE[i][e].item<double>() > 0; ++i) {
      LayerInspection::Token& token = tokens[e].emplace_back();
      token.id = order_VE[i][e].item<int64_t>();
      token.count = token_VE[token.id][e].item<int64_t>();
      token.share = static_cast<double>(token.count) / choices_V[token.id].item<double>();
    }
  return tokens;
}

nlohmann::ordered_json LayerInspection::to_json() const {
  nlohmann::ordered_json json = {{"layer", layer},
                                 {"experts", usage.usage_E.size(0)},
                                 {"decisions", usage.decisions},
                                 {"usage", doubles(usage.usage_E)},
                                 {"importance", doubles(usage.importance_E)},
                                 {"sample_entropy", usage.sample_entropy},
                                 {"usage_entropy", usage.usage_entropy}};
  if (!positions.empty()) {
    json["position_from"] = position_from;
    json["positions"] = positions;
  }
  for (const std::vector<Token>& list : tokens) {
    nlohmann::ordered_json own = nlohmann::ordered_json::array();
    for (const Token& token : list)
      own.push_back({{"token", token.text}, {"count", token.count}, {"share", token.share}});
    json["tokens"].push_back(own);
  }
  if (probing) json["probing"] = probing->to_json();
  return json;
}

nlohmann::ordered_json layers_json(const std::vector<LayerInspection>& layers,
                                   const std::string& set, int64_t rows) {
  nlohmann::ordered_json json = {{"schema", 3}, {"set", set}, {"rows", rows}};
  json["layers"] = nlohmann::ordered_json::array();
  for (const LayerInspection& layer : layers) json["layers"].push_back(layer.to_json());
  return json;
}

}  // namespace moestro
