#include "dropout.h"

#include <ATen/ATen.h>

#include "moestro/core/random.h"
#include "stacked.h"

namespace moestro {
namespace {

at::Generator noise(const std::string& name, const ForwardContext& context, c10::Device device) {
  return generator({context.seed, Stream::noise, name, context.step}, device);
}

// Factors 0 and 1 / (1 - p).
void draw_factors(const Tensor& factor, double p, const std::string& name,
                  const ForwardContext& context) {
  factor.bernoulli_(1 - p, noise(name, context, factor.device())).div_(1 - p);
}

}  // namespace

Tensor dropout_factor(const Shape& shape, const at::TensorOptions& options, double p,
                      const std::string& name, const ForwardContext& context) {
  const Tensor factor = at::empty(shape, options.requires_grad(false));
  draw_factors(factor, p, name, context);
  return factor;
}

Tensor with_dropout(const Tensor& x, double p, const std::string& name,
                    const ForwardContext& context) {
  if (!context.training || p == 0) return x;
  if (x.is_cuda())  // draws and multiplies in one kernel
    return std::get<0>(at::_fused_dropout(x, 1 - p, noise(name, context, x.device())));
  return x * dropout_factor(x.sizes().vec(), x.options(), p, name, context);
}

Dropout::Dropout(const LayerSpec& spec, const LayerSetting& setting)
    : spec_(spec), name_(setting.name), frozen_(setting.frozen) {}

Activations Dropout::forward(const Activations& x, ExpertRange experts,
                             const ForwardContext& context) const {
  if (!context.training || spec_.probability == 0) return x;
  const Activations own = spread(x, experts.count);
  Tensor factor = at::empty(own.value.sizes(), own.value.options());
  for (int64_t i = 0; i < experts.count; ++i) {
    const int64_t expert = experts.first + i;
    const int64_t channels = own.images ? factor.size(1) / experts.count : 0;
    Tensor part = own.images ? factor.narrow(1, i * channels, channels) : factor[i];
    if (frozen_ && frozen_->at(expert)) {
      part.fill_(1);
      continue;
    }
    draw_factors(part, spec_.probability, fmt::format("{}/{}", name_, expert), context);
  }
  return {own.value * factor, own.experts, own.images};
}

}  // namespace moestro
