// What our kernels for a CUDA device take of a tensor: plain memory there, and the stream.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "number_type.h"

namespace moestro {

constexpr auto kChannelsLast = at::MemoryFormat::ChannelsLast;

inline void* current_stream(const at::Tensor& x) {
  return c10::impl::VirtualGuardImpl(at::kCUDA).getStream(x.device()).native_handle();
}

// Null where the tensor is undefined.
inline const float* floats(const at::Tensor& tensor) {
  return tensor.defined() ? tensor.const_data_ptr<float>() : nullptr;
}

inline NumberType number_type(const at::Tensor& x) {
  return x.scalar_type() == at::kBFloat16 ? NumberType::bfloat16 : NumberType::float32;
}

}  // namespace moestro
