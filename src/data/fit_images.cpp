#include "moestro/data/fit_images.h"

#include <ATen/Functions.h>

#include "moestro/core/error.h"

namespace moestro {
namespace {

constexpr int64_t kRowsAtOnce = 1024;  // as floats, so that memory stays small

// Fewer channels first, more channels last: the least to interpolate.
Tensor fitted(const Tensor& some_BCHW, const Shape& shape) {
  Tensor x = some_BCHW.to(at::kFloat);
  if (shape[0] == 1 && x.size(1) > 1) x = x.mean(1, /*keepdim=*/true);
  if (x.size(2) != shape[1] || x.size(3) != shape[2])
    x = at::_upsample_bilinear2d_aa(x, {shape[1], shape[2]}, /*align_corners=*/false);
  x = x.round().clamp(0, 255).to(at::kByte);
  return x.expand({x.size(0), shape[0], shape[1], shape[2]});
}

}  // namespace

Tensor fit_images(const Tensor& pixels_NCHW, const Shape& shape) {
  MOESTRO_CHECK(pixels_NCHW.dim() == 4 && shape.size() == 3 &&
                pixels_NCHW.scalar_type() == at::kByte);
  const int64_t channels = pixels_NCHW.size(1);
  if (channels != shape[0] && channels != 1 && shape[0] != 1)
    throw UserError("images of {} channels; expected {} or 1", channels, shape[0]);
  if (pixels_NCHW.sizes().slice(1) == c10::IntArrayRef(shape)) return pixels_NCHW;
  Shape all = shape;
  all.insert(all.begin(), pixels_NCHW.size(0));
  const Tensor out = at::empty(all, pixels_NCHW.options());
  for (int64_t from = 0; from < all[0]; from += kRowsAtOnce) {
    const int64_t rows = std::min(kRowsAtOnce, all[0] - from);
    out.narrow(0, from, rows).copy_(fitted(pixels_NCHW.narrow(0, from, rows), shape));
  }
  return out;
}

}  // namespace moestro
