#include "moestro/nn/feed_forward_bank.h"

#include <ATen/ATen.h>

#include "kernels/feed_forward/plain.h"
#include "layers/stacked.h"
#include "moestro/core/error.h"

namespace moestro {

FeedForwardBank::FeedForwardBank(const FeedForwardShape& shape, const std::string& name,
                                 int64_t experts, uint64_t seed)
    : shape_(shape), name_(name), frozen_(std::make_shared<FreezeMask>(experts, false)) {
  const int64_t up = shape.kind == FeedForwardKind::swiglu ? 2 * shape.hidden : shape.hidden;
  const LayerSetting up_setting{name + ".up", experts, seed, frozen_};
  const LayerSetting down_setting{name + ".down", experts, seed, frozen_};
  const double bound = xavier_bound(shape.width, shape.hidden);
  up_EDF_ = draw_parameter(up_setting, "weight", {shape.width, up}, bound);
  down_EFD_ = draw_parameter(down_setting, "weight", {shape.hidden, shape.width}, bound);
  if (!shape.bias) return;
  up_bias_EF_ = constant_parameter(up_setting, "bias", {up}, 0);
  down_bias_ED_ = constant_parameter(down_setting, "bias", {shape.width}, 0);
}

FeedForwardWeights FeedForwardBank::weights(at::ScalarType type) const {
  const ExpertRange all{0, experts()};
  FeedForwardWeights weights{live(up_EDF_, all, type), live(down_EFD_, all, type), {}, {}};
  if (shape_.bias) {
    weights.up_bias_EF = live(up_bias_EF_, all, type);
    weights.down_bias_ED = live(down_bias_ED_, all, type);
  }
  return weights;
}

NetworkOutput FeedForwardBank::forward_all(const Tensor& x_ND, bool want_hidden) const {
  const FeedForwardWeights weights = this->weights(x_ND.scalar_type());
  const Tensor x_END = x_ND.unsqueeze(0).expand({experts(), -1, -1});
  const auto product = [](const Tensor& x, const Tensor& weight, const Tensor& bias) {
    return bias.defined() ? at::baddbmm(bias.unsqueeze(1), x, weight) : at::bmm(x, weight);
  };
  const Tensor hidden_ENF = product(x_END, weights.up_EDF, weights.up_bias_EF);
  NetworkOutput output;
  output.out_ENC =
      product(activated(hidden_ENF, shape_.kind), weights.down_EFD, weights.down_bias_ED);
  if (want_hidden) output.hidden_ENF = hidden_ENF;
  return output;
}

Tensor FeedForwardBank::forward_one(int64_t expert, const Tensor& x_ND) const {
  const at::ScalarType type = x_ND.scalar_type();
  const auto product = [&](const Tensor& x, const Parameter& weight, const Parameter& bias) {
    const Tensor weight_DF = live_one(weight, expert, type);
    return shape_.bias ? at::addmm(live_one(bias, expert, type), x, weight_DF)
                       : at::mm(x, weight_DF);
  };
  return product(activated(product(x_ND, up_EDF_, up_bias_EF_), shape_.kind), down_EFD_,
                 down_bias_ED_);
}

Tensor FeedForwardBank::forward_mixed(const Tensor& x_ND, const Tensor& experts_NK,
                                      const Tensor& weights_NK) const {
  return sparse_feed_forward(x_ND, experts_NK, weights_NK, weights(x_ND.scalar_type()),
                             shape_.kind);
}

Tensor FeedForwardBank::forward_chosen(const Tensor& x_ND, const Tensor& experts_NK) const {
  const int64_t rows = experts_NK.size(0), chosen = experts_NK.size(1);
  const Tensor experts_M1 = experts_NK.reshape({rows * chosen, 1});
  const Tensor x_MD = x_ND.repeat_interleave(chosen, 0);
  return forward_mixed(x_MD, experts_M1, at::ones(experts_M1.sizes(), x_MD.options()))
      .view({rows, chosen, shape_.width});
}

ExpertTensors FeedForwardBank::tensors() const {
  std::vector<std::pair<std::string, Tensor>> tensors;
  for (const Parameter& parameter : parameters())
    tensors.emplace_back(parameter.name.substr(name_.size() + 1), parameter.value);
  return ExpertTensors::stacked(tensors);
}

void FeedForwardBank::freeze(int64_t expert, bool frozen) {
  MOESTRO_CHECK(expert >= 0 && expert < experts(), "expert {} of {}", expert, experts());
  (*frozen_)[expert] = frozen;
}

std::string FeedForwardBank::describe() const {
  return describe_feed_forward(weights(up_EDF_.value.scalar_type()));
}

Cost FeedForwardBank::cost() const {
  const double share = 1 / static_cast<double>(experts());
  return cost_of_products(parameters(), 1).times(share, share);
}

std::vector<Parameter> FeedForwardBank::parameters() const {
  if (!shape_.bias) return {up_EDF_, down_EFD_};
  return {up_EDF_, up_bias_EF_, down_EFD_, down_bias_ED_};
}

}  // namespace moestro
