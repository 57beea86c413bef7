// Which dtype of safetensors is which type of LibTorch.
#pragma once

#include <optional>
#include <string_view>

#include <c10/core/ScalarType.h>

namespace moestro {

std::optional<at::ScalarType> scalar_type_of(std::string_view dtype);
std::optional<std::string_view> dtype_of(at::ScalarType type);

}  // namespace moestro
