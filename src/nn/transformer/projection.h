// One linear map outside any bank: y = x W + b.
#pragma once

#include <optional>
#include <vector>

#include "moestro/nn/layer.h"

namespace moestro {

class Projection {
 public:
  // "<setting.name>.weight" [1, in, out], Xavier's uniform start; "<setting.name>.bias" [1, out],
  // 0.
  Projection(const LayerSetting& setting, int64_t in, int64_t out, bool bias = true);

  Tensor operator()(const Tensor& x_ND) const;  // [N, out]
  std::vector<Parameter> parameters() const;

 private:
  Parameter weight_1DF_;
  std::optional<Parameter> bias_1F_;
};

// For a part "<name>.<part>" of something larger.
LayerSetting part_of(const LayerSetting& setting, const std::string& part);

}  // namespace moestro
