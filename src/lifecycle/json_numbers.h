// Tensors as JSON, which has no NaN: what could not be counted is null.
#pragma once

#include <cmath>
#include <vector>

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include "moestro/core/tensor.h"

namespace moestro {

inline std::vector<double> doubles(const Tensor& tensor) {
  const Tensor flat = tensor.to(at::kDouble).contiguous();
  return {flat.const_data_ptr<double>(), flat.const_data_ptr<double>() + flat.numel()};
}

inline nlohmann::ordered_json number_or_null(double value) {
  return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json();
}

inline nlohmann::ordered_json numbers_or_null(const Tensor& tensor) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const double value : doubles(tensor)) json.push_back(number_or_null(value));
  return json;
}

}  // namespace moestro
