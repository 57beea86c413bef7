#include "moestro/nn/layer.h"

#include "layers/activation.h"
#include "layers/batch_norm.h"
#include "layers/conv.h"
#include "layers/dropout.h"
#include "layers/embed.h"
#include "layers/flatten.h"
#include "layers/linear.h"
#include "layers/pool.h"
#include "moestro/core/error.h"

namespace moestro {

std::unique_ptr<Layer> make_layer(const LayerSpec& spec, const LayerSetting& setting) {
  switch (spec.kind) {
    case LayerKind::conv:
      return std::make_unique<Conv>(spec, setting);
    case LayerKind::linear:
      return std::make_unique<Linear>(spec, setting);
    case LayerKind::relu:
    case LayerKind::gelu:
    case LayerKind::tanh:
    case LayerKind::sigmoid:
      return std::make_unique<Activation>(spec);
    case LayerKind::maxpool:
    case LayerKind::avgpool:
      return std::make_unique<Pool>(spec);
    case LayerKind::batchnorm:
      return std::make_unique<BatchNorm>(spec, setting);
    case LayerKind::flatten:
      return std::make_unique<Flatten>();
    case LayerKind::dropout:
      return std::make_unique<Dropout>(spec, setting);
    case LayerKind::embed:
      return std::make_unique<Embed>(spec, setting);
  }
  MOESTRO_CHECK(false, "layer {}", spec.text);
  return nullptr;
}

}  // namespace moestro
