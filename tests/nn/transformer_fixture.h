// What tests of Transformers share.
#pragma once

#include "moestro/nn/transformer_config.h"

namespace moestro::testing {

inline TransformerShape small_shape() {
  TransformerShape shape;
  shape.width = 8;
  shape.heads = 2;
  shape.hidden = 12;
  shape.longest = 8;
  return shape;
}

}  // namespace moestro::testing
