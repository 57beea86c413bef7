#include "moestro/lifecycle/layer_probing.h"

#include "json_numbers.h"
#include "moestro/core/error.h"
#include "moestro/core/progress.h"

namespace moestro {
namespace {

// Sums over answers, on the device: their count, loss and error.
Tensor sums_of(const AnswerScores& scores) {
  return at::stack({at::ones_like(scores.loss_N), scores.loss_N, scores.error_N}).sum(1);
}

AnswerScores only(const AnswerScores& scores, const Tensor& which_N) {
  return {scores.loss_N.masked_select(which_N), scores.error_N.masked_select(which_N)};
}

// Of each answer the expert with the largest weight in this layer; undefined where the layer does
// not decide once an answer.
Tensor owner_of(const MixtureTrace& trace, int64_t answers, bool translations) {
  const Tensor weights_BE = weights_by_expert(trace.routing);
  if (trace.of_target != translations || weights_BE.size(0) != answers) return {};
  return weights_BE.argmax(1);
}

struct LayerSums {
  Tensor all_E3, own_E3;
  bool split = true;
};

class LayerProbe {
 public:
  LayerProbe(const Model& model, c10::Device device)
      : model_(model), names_(model.mixture_names()) {
    const auto sums = at::TensorOptions().dtype(at::kDouble).device(device);
    model_3_ = at::zeros({3}, sums);
    for (const MixtureName& name : names_) {
      const Tensor zeros = at::zeros({name.experts, 3}, sums);
      layers_.push_back({zeros, zeros.clone()});
    }
  }

  void add(const Batch& batch, const ForwardContext& context) {
    const ModelOutput plain = model_.forward(batch.inputs, context, {});
    MOESTRO_CHECK(plain.traces.size() == names_.size());
    const AnswerScores scores = scores_of(plain, batch);
    model_3_ += sums_of(scores);
    const bool translations = batch.targets_N.dim() == 2;
    for (size_t i = 0; i < names_.size(); ++i)
      add_layer(i, batch, context, owner_of(plain.traces[i], scores.loss_N.size(0), translations));
  }

  std::vector<LayerProbing> results(const Normaliser& normaliser) const {
    const auto scores = [&](const Tensor& sums_3) {
      const std::vector<double> sums = doubles(sums_3.cpu());
      return in_units({sums[1] / sums[0], sums[2] / sums[0]}, model_.output(), normaliser);
    };
    std::vector<LayerProbing> results;
    for (const LayerSums& layer : layers_) {
      LayerProbing& probing = results.emplace_back();
      probing.model = scores(model_3_);
      for (const Tensor& all_3 : layer.all_E3.unbind()) probing.all.push_back(scores(all_3));
      if (!layer.split) continue;
      LayerProbing::Split& split = probing.split.emplace();
      split.share = doubles((layer.own_E3 / layer.all_E3).select(1, 0).cpu());
      for (const Tensor& own_3 : layer.own_E3.unbind()) split.own.push_back(scores(own_3));
      for (const Tensor& others_3 : (layer.all_E3 - layer.own_E3).unbind())
        split.others.push_back(scores(others_3));
    }
    return results;
  }

 private:
  AnswerScores scores_of(const ModelOutput& output, const Batch& batch) const {
    return answer_scores(output.mixed_NC, model_.output(), batch.targets_N);
  }

  void add_layer(size_t i, const Batch& batch, ForwardContext context, const Tensor& owner_N) {
    LayerSums& layer = layers_[i];
    layer.split = layer.split && owner_N.defined();
    for (int64_t e = 0; e < names_[i].experts; ++e) {
      context.forced = {names_[i].layer, e};
      const AnswerScores scores = scores_of(model_.forward(batch.inputs, context, {}), batch);
      layer.all_E3[e] += sums_of(scores);
      if (layer.split) layer.own_E3[e] += sums_of(only(scores, owner_N.eq(e)));
    }
  }

  const Model& model_;
  std::vector<MixtureName> names_;
  Tensor model_3_;
  std::vector<LayerSums> layers_;
};

using Score = double Scores::*;

nlohmann::ordered_json list_of(const std::vector<Scores>& experts, Score score) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Scores& scores : experts) list.push_back(number_or_null(scores.*score));
  return list;
}

}  // namespace

std::vector<LayerProbing> probe_layers(const Model& model, const Dataset& data,
                                       const Normaliser& normaliser,
                                       const EvaluationOptions& options) {
  LayerProbe probe(model, options.device);
  Progress progress("probing", data.rows(), "rows");
  int64_t done = 0;
  visit_batches(data, normaliser, options, [&](const Batch& batch, const ForwardContext& context) {
    probe.add(batch, context);
    progress.advance(done += batch.rows_N.size(0));
  });
  return probe.results(normaliser);
}

nlohmann::ordered_json LayerProbing::to_json() const {
  nlohmann::ordered_json json = {{"model_loss", number_or_null(model.loss)},
                                 {"model_error", number_or_null(model.error)},
                                 {"all_loss", list_of(all, &Scores::loss)},
                                 {"all_error", list_of(all, &Scores::error)}};
  if (!split) return json;
  json["share"] = split->share;
  json["own_loss"] = list_of(split->own, &Scores::loss);
  json["own_error"] = list_of(split->own, &Scores::error);
  json["others_loss"] = list_of(split->others, &Scores::loss);
  json["others_error"] = list_of(split->others, &Scores::error);
  return json;
}

}  // namespace moestro
