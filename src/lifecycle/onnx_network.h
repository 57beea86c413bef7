// A network of a layer list as ONNX operators.
#pragma once

#include <vector>

#include "moestro/nn/layer_spec.h"
#include "onnx_builder.h"

namespace moestro {

// x: [batch, C, H, W] or [batch, D], as specs take it. The weights are named "<layer>.weight" and
// so on, by the place of the layer in its list. Batch norm has its running statistics.
std::string onnx_network(OnnxBuilder& onnx, const std::vector<LayerSpec>& specs,
                         const std::string& x);

}  // namespace moestro
