#include "dropout.h"

#include <ATen/ATen.h>

#include "moestro/core/random.h"
#include "stacked.h"

namespace moestro {

Dropout::Dropout(const LayerSpec& spec, const LayerSetting& setting)
    : spec_(spec), name_(setting.name), frozen_(setting.frozen) {}

Activations Dropout::forward(const Activations& x, ExpertRange experts,
                             const ForwardContext& context) const {
  if (!context.training || spec_.probability == 0) return x;
  const Activations own = spread(x, experts.count);
  const double keep = 1 - spec_.probability;
  Tensor factor = at::empty(own.value.sizes(), own.value.options());
  for (int64_t i = 0; i < experts.count; ++i) {
    const int64_t expert = experts.first + i;
    const int64_t channels = own.images ? factor.size(1) / experts.count : 0;
    Tensor part = own.images ? factor.narrow(1, i * channels, channels) : factor[i];
    if (frozen_ && frozen_->at(expert)) {
      part.fill_(1);
      continue;
    }
    const std::string name = fmt::format("{}/{}", name_, expert);
    const RandomKey key{context.seed, Stream::noise, name, context.step};
    part.bernoulli_(keep, generator(key, part.device())).div_(keep);
  }
  return {own.value * factor, own.experts, own.images};
}

}  // namespace moestro
