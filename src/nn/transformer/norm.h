// Normalisation of a row over its width.
//
//   layer: (x - mean) / sqrt(variance + epsilon) * weight + bias   (Ba et al. 2016)
//   rms:   x / sqrt(mean of squares + epsilon) * weight            (Zhang and Sennrich 2019)
#pragma once

#include <vector>

#include "moestro/nn/layer.h"
#include "moestro/nn/transformer_config.h"

namespace moestro {

class Norm {
 public:
  Norm(NormKind kind, const LayerSetting& setting, int64_t width, double epsilon);

  // In x's type, with sums in float32 at least.
  Tensor operator()(const Tensor& x) const;
  std::vector<Parameter> parameters() const;

 private:
  NormKind kind_;
  double epsilon_;
  Parameter weight_1D_, bias_1D_;  // bias: of layer only
};

}  // namespace moestro
