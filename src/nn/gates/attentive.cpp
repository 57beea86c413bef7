#include <cmath>

#include "../layers/stacked.h"
#include "gates.h"
#include "learned_gate.h"
#include "moestro/core/beside.h"
#include "moestro/core/error.h"

namespace moestro {
namespace {

// gate.layers up to the hidden layer that becomes the query.
std::vector<LayerSpec> query_layers(const GateConfig& config, const GateSetting& setting) {
  std::vector<LayerSpec> specs = gate_layers(config, setting);
  const int64_t hidden = hidden_layer(specs);
  if (hidden < 0)
    throw UserError(
        "{}: has no hidden layer; expected one before the last linear, since gate.kind = "
        "\"attentive\" makes its query of it",
        setting.where);
  if (setting.expert_hidden == 0)
    throw UserError(
        "gate.kind = \"attentive\" reads hidden layer {} of the experts, counted from the last, "
        "but "
        "expert.layers have no such one; expected that many activations before their last linear",
        config.hidden);
  specs.erase(config.query == "before" ? specs.begin() + hidden : specs.end() - 1, specs.end());
  return specs;
}

// PyTorch's default for a linear layer.
Parameter projection(const LayerSetting& setting, int64_t in, int64_t out) {
  return draw_parameter(setting, "weight", {in, out}, 1 / std::sqrt(static_cast<double>(in)));
}

// To a root mean square of 1 along the last dimension.
Tensor rms_normalised(const Tensor& x) {
  return x * (x.square().mean(-1, /*keepdim=*/true) + 1e-6).rsqrt();
}

class AttentiveGate : public LearnedGate {
 public:
  AttentiveGate(const GateConfig& config, const GateSetting& setting,
                const std::vector<LayerSpec>& specs)
      : LearnedGate(specs, setting),
        experts_(setting.experts),
        stop_gradient_(config.stop_gradient),
        normalise_(config.normalise) {
    const int64_t h = values_of(specs.empty() ? setting.input : specs.back().out);
    query_1HH_ = own(projection(layer_setting(setting, "query"), h, h));
    key_1FH_ = own(projection(layer_setting(setting, "key"), setting.expert_hidden, h));
  }

  bool needs_hidden() const override { return true; }

  Cost cost() const override {
    const int64_t compared = key_1FH_.value.size(normalise_ ? 2 : 1);
    Cost cost = LearnedGate::cost();
    cost += cost_of_products({query_1HH_}, 1);
    cost += cost_of_products({key_1FH_}, normalise_ ? static_cast<double>(experts_) : 1);
    cost.operations += 2 * static_cast<double>(experts_ * compared);
    return cost;
  }

  Routing route(const GateInput& input, const ForwardContext& context) const override {
    MOESTRO_CHECK(input.hidden_EBF.defined() && input.hidden_EBF.dim() == 3);
    const Tensor read_BH = run(input.x, context);
    if (input.experts) input.experts->wait();
    const Tensor hidden_EBF = stop_gradient_ ? input.hidden_EBF.detach() : input.hidden_EBF;
    const at::ScalarType type = hidden_EBF.scalar_type();
    const Tensor query_BH = read_BH.matmul(live(query_1HH_, {0, 1}, type)[0]);
    const Tensor key_FH = live(key_1FH_, {0, 1}, type)[0];
    const double scale = 1 / std::sqrt(static_cast<double>(query_BH.size(1)));
    const Tensor scores_BE = (normalise_ ? normalised_scores(query_BH, hidden_EBF, key_FH)
                                         : plain_scores(query_BH, hidden_EBF, key_FH)) *
                             scale;
    return dense_routing(scores_BE, gate_softmax(scores_BE));
  }

 private:
  // q . (W_k h_i) = (W_k^T q) . h_i: the query goes to the experts' side, once a sample instead of
  // once an expert.
  static Tensor plain_scores(const Tensor& query_BH, const Tensor& hidden_EBF,
                             const Tensor& key_FH) {
    const Tensor query_BF1 = query_BH.matmul(key_FH.t()).unsqueeze(2);
    return hidden_EBF.transpose(0, 1).matmul(query_BF1).squeeze(2);
  }

  static Tensor normalised_scores(const Tensor& query_BH, const Tensor& hidden_EBF,
                                  const Tensor& key_FH) {
    const Tensor key_BEH = rms_normalised(hidden_EBF.transpose(0, 1).matmul(key_FH));
    return key_BEH.matmul(rms_normalised(query_BH).unsqueeze(2)).squeeze(2);
  }

  int64_t experts_;
  bool stop_gradient_, normalise_;
  Parameter query_1HH_, key_1FH_;
};

}  // namespace

std::unique_ptr<Gate> make_attentive_gate(const GateConfig& config, const GateSetting& setting) {
  return std::make_unique<AttentiveGate>(config, setting, query_layers(config, setting));
}

}  // namespace moestro
