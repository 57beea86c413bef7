#include "conv.h"

#include <array>
#include <cmath>

#include <ATen/ATen.h>

#include "../kernels/expert_conv.h"
#include "moestro/core/error.h"
#include "stacked.h"

namespace moestro {
namespace {

// On a GPU, channels last: what cuDNN multiplies fastest (benchmarks/convolutions.py).
Tensor arranged(const Tensor& x) {
  return x.is_cuda() ? x.contiguous(at::MemoryFormat::ChannelsLast) : x;
}

}  // namespace

bool keeps_size(const LayerSpec& conv) {
  return conv.kernel == 3 && conv.stride == 1 && conv.pad == 1;
}

Conv::Conv(const LayerSpec& spec, const LayerSetting& setting)
    : spec_(spec), experts_(setting.experts), shared_input_(setting.shared_input) {
  const int64_t in = spec.in.at(0), k = spec.kernel;
  const double bound = 1 / std::sqrt(static_cast<double>(in * k * k));
  weight_EOIKK_ = draw_parameter(setting, "weight", {spec.size, in, k, k}, bound);
  if (spec.bias) bias_EO_ = draw_parameter(setting, "bias", {spec.size}, bound);
}

Activations Conv::forward(const Activations& x, ExpertRange experts, const ForwardContext&) const {
  const std::optional<Tensor> bias_G =
      bias_EO_ ? std::optional(live(*bias_EO_, experts, x.value.scalar_type()).reshape({-1}))
               : std::nullopt;
  return {convolved(x, experts, bias_G), experts.count, true};
}

Tensor Conv::without_bias(const Activations& x, ExpertRange experts) const {
  return convolved(x, experts, {});
}

Tensor Conv::bias_G(ExpertRange experts) const {
  return bias_EO_ ? live(*bias_EO_, experts, at::kFloat).flatten() : Tensor();
}

// One expert alone is left to cuDNN: its channels are often many, and nothing is laid out anew.
bool Conv::side_by_side(const Activations& x) const {
  return x.experts > 1 && keeps_size(spec_) &&
         expert_conv_fits(x.value, x.value.sizes().vec(), x.experts, spec_.size);
}

// Measured: on a CPU, where freed memory stays with the process, groups beat a loop over experts at
// every shape tried (by 3 to 15 %, and by far with few channels).
Tensor Conv::convolved(const Activations& x, ExpertRange experts,
                       const std::optional<Tensor>& bias_G) const {
  MOESTRO_CHECK(x.images, "{}: rows arrive", weight_EOIKK_.name);
  if (side_by_side(x)) {
    const Tensor y = expert_conv(x.value, live(weight_EOIKK_, experts, at::kFloat));
    return bias_G ? y + bias_G->view({1, -1, 1, 1}) : y;
  }
  const Tensor weight_EOIKK = live(weight_EOIKK_, experts, x.value.scalar_type());
  const std::array<int64_t, 2> stride = {spec_.stride, spec_.stride}, pad = {spec_.pad, spec_.pad};
  return at::conv2d(arranged(x.value), arranged(weight_EOIKK.flatten(0, 1)), bias_G, stride, pad,
                    /*dilation=*/1, x.experts);
}

Filters Conv::filters(ExpertRange experts) const {
  const Tensor weight_GP = live(weight_EOIKK_, experts, at::kFloat).flatten(0, 1).flatten(1);
  if (bias_EO_) return {weight_GP, live(*bias_EO_, experts, at::kFloat).flatten()};
  return {weight_GP, at::zeros({weight_GP.size(0)}, weight_GP.options().requires_grad(false))};
}

std::vector<Parameter> Conv::parameters() const {
  if (!bias_EO_) return {weight_EOIKK_};
  return {weight_EOIKK_, *bias_EO_};
}

std::string Conv::describe() const {
  if (experts_ == 1) return fmt::format("{}: one convolution", spec_.text);
  const bool own = !shared_input_ && keeps_size(spec_) && spec_.size % 16 == 0;
  return fmt::format("{}: one {}convolution for {} experts{}", spec_.text,
                     shared_input_ ? "" : "grouped ", experts_,
                     own ? ", on a GPU in bfloat16 by a kernel of our own where it fits" : "");
}

}  // namespace moestro
