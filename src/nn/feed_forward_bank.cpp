#include "moestro/nn/feed_forward_bank.h"

#include <cmath>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "kernels/feed_forward/plain.h"
#include "layers/dropout.h"
#include "layers/stacked.h"
#include "moestro/core/error.h"
#include "moestro/core/on_device.h"

namespace moestro {
namespace {

// weights_NK of the chosen -> weights_NE, 0 for the others; whatever weight an empty choice has,
// NaN included, counts nowhere.
Tensor weights_of_all(const Tensor& experts_NK, const Tensor& weights_NK, int64_t experts) {
  const Tensor none_NE = at::zeros({experts_NK.size(0), experts}, weights_NK.options());
  return none_NE.scatter_add(1, experts_NK.clamp_min(0),
                             weights_NK.masked_fill(experts_NK.eq(-1), 0));
}

}  // namespace

FeedForwardBank::FeedForwardBank(const FeedForwardShape& shape, const std::string& name,
                                 int64_t experts, uint64_t seed)
    : shape_(shape),
      name_(name),
      seed_(seed),
      frozen_(std::make_shared<FreezeMask>(experts, false)) {
  const int64_t up = shape.kind == FeedForwardKind::swiglu ? 2 * shape.hidden : shape.hidden;
  const LayerSetting up_setting{name + ".up", experts, seed, frozen_};
  const LayerSetting down_setting{name + ".down", experts, seed, frozen_};
  const Shape up_shape = {shape.width, up}, down_shape = {shape.hidden, shape.width};
  if (shape.start == FeedForwardStart::adapter) {
    up_EDF_ = draw_parameter(up_setting, "weight", up_shape,
                             1 / std::sqrt(static_cast<double>(shape.width)));
    down_EFD_ = constant_parameter(down_setting, "weight", down_shape, 0);
  } else {
    const double bound = xavier_bound(shape.width, shape.hidden);
    up_EDF_ = draw_parameter(up_setting, "weight", up_shape, bound);
    down_EFD_ = draw_parameter(down_setting, "weight", down_shape, bound);
  }
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

bool FeedForwardBank::drops(const ForwardContext& context) const {
  return context.training && shape_.dropout > 0;
}

// [N, F]
Tensor FeedForwardBank::factor_of_expert(int64_t expert, const Tensor& x_ND,
                                         const ForwardContext& context) const {
  const Shape shape = {x_ND.size(0), shape_.hidden};
  if ((*frozen_)[expert]) return at::ones(shape, x_ND.options().requires_grad(false));
  return dropout_factor(shape, x_ND.options(), shape_.dropout, fmt::format("{}/{}", name_, expert),
                        context);
}

// [E, N, F]. On a GPU drawn at once: a launch for each expert takes longer than its product.
Tensor FeedForwardBank::factor_of_all(const Tensor& x_ND, const ForwardContext& context) const {
  std::vector<Tensor> factors;
  if (!x_ND.is_cuda()) {
    for (int64_t e = 0; e < experts(); ++e) factors.push_back(factor_of_expert(e, x_ND, context));
    return at::stack(factors);
  }
  const Tensor factor_ENF = dropout_factor({experts(), x_ND.size(0), shape_.hidden}, x_ND.options(),
                                           shape_.dropout, name_, context);
  const Tensor frozen = frozen_experts(x_ND.device());
  return frozen.numel() == 0 ? factor_ENF : factor_ENF.index_fill_(0, frozen, 1);
}

Tensor FeedForwardBank::frozen_experts(c10::Device device) const {
  std::vector<int64_t> frozen;
  for (int64_t e = 0; e < experts(); ++e)
    if ((*frozen_)[e]) frozen.push_back(e);
  return on_device(at::tensor(frozen, at::kLong), device);
}

// [N, K, F]; undefined where nothing is dropped.
Tensor FeedForwardBank::factor_of_choices(const Tensor& x_ND, const Tensor& experts_NK,
                                          const ForwardContext& context) const {
  if (!drops(context)) return {};
  const Tensor factor_NKF = dropout_factor({experts_NK.size(0), experts_NK.size(1), shape_.hidden},
                                           x_ND.options(), shape_.dropout, name_, context);
  const Tensor frozen = frozen_experts(experts_NK.device());
  if (frozen.numel() == 0) return factor_NKF;
  const Tensor frozen_NK = at::isin(experts_NK, frozen);
  return factor_NKF.masked_fill_(frozen_NK.unsqueeze(2), 1);
}

NetworkOutput FeedForwardBank::forward_all(const Tensor& x_ND, bool want_hidden,
                                           const ForwardContext& context) const {
  const FeedForwardWeights weights = this->weights(x_ND.scalar_type());
  const Tensor x_END = x_ND.unsqueeze(0).expand({experts(), -1, -1});
  const auto product = [](const Tensor& x, const Tensor& weight, const Tensor& bias) {
    return bias.defined() ? at::baddbmm(bias.unsqueeze(1), x, weight) : at::bmm(x, weight);
  };
  const Tensor up_ENF = product(x_END, weights.up_EDF, weights.up_bias_EF);
  Tensor hidden_ENF = activated(up_ENF, shape_.kind);
  if (drops(context)) hidden_ENF = hidden_ENF * factor_of_all(x_ND, context);
  NetworkOutput output;
  output.out_ENC = product(hidden_ENF, weights.down_EFD, weights.down_bias_ED);
  if (want_hidden) output.hidden_ENF = up_ENF;
  return output;
}

Tensor FeedForwardBank::forward_one(int64_t expert, const Tensor& x_ND,
                                    const ForwardContext& context) const {
  const at::ScalarType type = x_ND.scalar_type();
  const auto product = [&](const Tensor& x, const Parameter& weight, const Parameter& bias) {
    const Tensor weight_DF = live_one(weight, expert, type);
    return shape_.bias ? at::addmm(live_one(bias, expert, type), x, weight_DF)
                       : at::mm(x, weight_DF);
  };
  Tensor hidden_NF = activated(product(x_ND, up_EDF_, up_bias_EF_), shape_.kind);
  if (drops(context)) hidden_NF = hidden_NF * factor_of_expert(expert, x_ND, context);
  return product(hidden_NF, down_EFD_, down_bias_ED_);
}

Tensor FeedForwardBank::forward_mixed(const Tensor& x_ND, const Tensor& experts_NK,
                                      const Tensor& weights_NK,
                                      const ForwardContext& context) const {
  return sparse_feed_forward(x_ND, experts_NK, weights_NK, weights(x_ND.scalar_type()), shape_.kind,
                             factor_of_choices(x_ND, experts_NK, context));
}

Tensor FeedForwardBank::forward_wide(const Tensor& x_ND, const Tensor& experts_NK,
                                     const Tensor& weights_NK,
                                     const ForwardContext& context) const {
  const FeedForwardWeights weights = this->weights(x_ND.scalar_type());
  const Tensor up_DF = weights.up_EDF.transpose(0, 1).flatten(1, 2);
  const Tensor up_NF = weights.up_bias_EF.defined()
                           ? at::addmm(weights.up_bias_EF.flatten(), x_ND, up_DF)
                           : at::mm(x_ND, up_DF);
  Tensor hidden_NEF = activated(up_NF.unflatten(1, {experts(), -1}), shape_.kind);
  if (drops(context)) hidden_NEF = hidden_NEF * factor_of_all(x_ND, context).transpose(0, 1);
  const Tensor weights_NE =
      weights_of_all(experts_NK, weights_NK, experts()).to(x_ND.scalar_type());
  const Tensor y_ND =
      at::mm((hidden_NEF * weights_NE.unsqueeze(2)).flatten(1, 2), weights.down_EFD.flatten(0, 1));
  return weights.down_bias_ED.defined() ? y_ND + weights_NE.mm(weights.down_bias_ED) : y_ND;
}

Tensor FeedForwardBank::forward_chosen(const Tensor& x_ND, const Tensor& experts_NK,
                                       const ForwardContext& context) const {
  const int64_t rows = experts_NK.size(0), chosen = experts_NK.size(1);
  const Tensor experts_M1 = experts_NK.reshape({rows * chosen, 1});
  const Tensor x_MD = x_ND.repeat_interleave(chosen, 0);
  return forward_mixed(x_MD, experts_M1, at::ones(experts_M1.sizes(), x_MD.options()), context)
      .view({rows, chosen, shape_.width});
}

void FeedForwardBank::grow(int64_t more) {
  MOESTRO_CHECK(more >= 0, "{} more experts", more);
  const at::NoGradGuard no_gradients;
  const int64_t before = experts();
  const std::vector<Parameter> ours = parameters(),
                               drawn = FeedForwardBank(shape_, name_, before + more, seed_)
                                           .parameters();
  for (size_t i = 0; i < ours.size(); ++i) {
    const Tensor& value = ours[i].value;
    value.mutable_grad() = Tensor();
    value.set_data(at::cat(
        {value.detach(), drawn[i].value.detach().narrow(0, before, more).to(value.options())}));
  }
  frozen_->resize(before + more, false);
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
  const std::string line = describe_feed_forward(weights(up_EDF_.value.scalar_type()));
  if (shape_.dropout == 0) return line;
  return line + "; in training ATen's products of sorted rows, since the kernels know no dropout";
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
