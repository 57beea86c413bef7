#include "moestro/data/pixel_gather.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/TensorIndexing.h>

#include "moestro/core/error.h"

namespace moestro {
namespace {

// Several times faster than the general way.
Tensor gather_bytes(const Tensor& images, const Tensor& y_BI, const Tensor& x_BJ) {
  const int64_t rows = images.size(0), channels = images.size(1);
  const int64_t height = images.size(2), width = images.size(3);
  const int64_t lines = y_BI.size(1), columns = x_BJ.size(1);
  const Tensor source = images.contiguous();
  Tensor out = at::zeros({rows, channels, lines, columns}, at::kByte);
  const auto* from = source.data_ptr<uint8_t>();
  const auto* y = y_BI.data_ptr<int64_t>();
  const auto* x = x_BJ.data_ptr<int64_t>();
  auto* to = out.data_ptr<uint8_t>();
  at::parallel_for(0, rows * channels, 64, [&](int64_t begin, int64_t end) {
    for (int64_t plane = begin; plane < end; ++plane) {
      const int64_t* y_I = y + plane / channels * lines;
      const int64_t* x_J = x + plane / channels * columns;
      for (int64_t i = 0; i < lines; ++i) {
        if (y_I[i] < 0) continue;
        const uint8_t* line = from + (plane * height + y_I[i]) * width;
        uint8_t* filled = to + (plane * lines + i) * columns;
        for (int64_t j = 0; j < columns; ++j) filled[j] = x_J[j] < 0 ? 0 : line[x_J[j]];
      }
    }
  });
  return out;
}

Tensor gather_any(const Tensor& images, const Tensor& y_BI, const Tensor& x_BJ) {
  const auto index = images.options().dtype(at::kLong);
  const int64_t rows = images.size(0);
  const Tensor b = at::arange(rows, index).view({rows, 1, 1, 1});
  const Tensor c = at::arange(images.size(1), index).view({1, -1, 1, 1});
  const Tensor y = y_BI.to(images.device()).view({rows, 1, -1, 1});
  const Tensor x = x_BJ.to(images.device()).view({rows, 1, 1, -1});
  const Tensor out = images.index({b, c, y.clamp_min(0), x.clamp_min(0)});
  return out.masked_fill(y.lt(0).logical_or(x.lt(0)), 0);
}

}  // namespace

Tensor gather_pixels(const Tensor& images, const Tensor& y_BI, const Tensor& x_BJ) {
  MOESTRO_CHECK(images.dim() == 4 && y_BI.dim() == 2 && x_BJ.dim() == 2);
  MOESTRO_CHECK(y_BI.size(0) == images.size(0) && x_BJ.size(0) == images.size(0));
  const Tensor y = y_BI.contiguous(), x = x_BJ.contiguous();
  const bool bytes = images.is_cpu() && images.scalar_type() == at::kByte;
  return bytes ? gather_bytes(images, y, x) : gather_any(images, y, x);
}

}  // namespace moestro
