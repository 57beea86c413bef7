#include "channel_moments.h"

#include <ATen/ATen.h>

#include "cuda/channel_moments_kernel.h"
#include "cuda/device_memory.h"
#include "has_cuda_kernels.h"
#include "moestro/core/error.h"

namespace moestro {

#if MOESTRO_HAS_CUDA_KERNELS

Moments channel_moments(const Tensor& images) {
  const Tensor x = images.detach().contiguous(kChannelsLast);
  const int64_t channels = x.size(1), rows = x.numel() / channels;
  const auto options = at::TensorOptions(at::kFloat).device(x.device());
  const NumberType type = number_type(x);
  const Tensor partial = at::empty({channel_moments_partial(rows, channels, type)}, options);
  const Moments moments{at::empty({channels}, options), at::empty({channels}, options)};
  channel_moments(
      {rows, channels, type, x.const_data_ptr(), partial.mutable_data_ptr<float>(),
       moments.mean_G.mutable_data_ptr<float>(), moments.variance_G.mutable_data_ptr<float>()},
      current_stream(x));
  return moments;
}

#else

Moments channel_moments(const Tensor&) {
  MOESTRO_CHECK(false, "this build has no kernels for CUDA");
  return {};
}

#endif

}  // namespace moestro
