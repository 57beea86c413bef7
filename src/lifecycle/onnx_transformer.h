// A Transformer that answers with classes or a value (nn/classifier.h) as ONNX operators. Every
// shape is that of the weights, so that blocks may differ.
#pragma once

#include "moestro/nn/classifier.h"
#include "onnx_builder.h"

namespace moestro {

// tokens_BT: int64 ids, -1 behind the end of each text -> [batch, answers].
std::string onnx_text_classifier(OnnxBuilder& onnx, const TransformerShape& shape, Pooling pooling,
                                 const std::string& tokens_BT);

// x_BCHW: images of `image` [C, H, W], normalised, cut into patches of that many pixels a side.
std::string onnx_image_classifier(OnnxBuilder& onnx, const TransformerShape& shape, Pooling pooling,
                                  const Shape& image, int64_t patch, const std::string& x_BCHW);

}  // namespace moestro
