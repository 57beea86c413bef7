#include "conv_pool_kernel.h"

#include <memory>

#define MOESTRO_BODY "conv_pool_body.h"
#include "on_each_path.h"

namespace moestro {
namespace {

// One filter's outputs, or their gradients, of one block.
std::unique_ptr<float[]> scratch_of(VectorPath path, const ConvPoolShape& shape) {
  return std::make_unique_for_overwrite<float[]>(shape.windows() * lane_count(path));
}

}  // namespace

void images_to_lanes(VectorPath path, const ConvPoolShape& shape, const float* x, float* lanes,
                     int64_t first, int64_t last) {
  MOESTRO_ON_PATH(path, images_to_lanes(shape, x, lanes, first, last));
}

bool conv_pool_has_kernel(int64_t kernel) {
  return kernel == 3 || kernel == 5;
}

void conv_pool_forward(VectorPath path, const ConvPoolForward& work, int64_t first, int64_t last) {
  const std::unique_ptr<float[]> scratch = scratch_of(path, work.shape);
  MOESTRO_ON_PATH(path, conv_pool_forward(work, scratch.get(), first, last));
}

void conv_pool_backward(VectorPath path, const ConvPoolBackward& work, int64_t first,
                        int64_t last) {
  const std::unique_ptr<float[]> scratch = scratch_of(path, work.shape);
  MOESTRO_ON_PATH(path, conv_pool_backward(work, scratch.get(), first, last));
}

void patch_sums(VectorPath path, const ConvPoolShape& shape, const float* lanes, double* moments,
                int64_t first, int64_t last) {
  MOESTRO_ON_PATH(path, patch_sums(shape, lanes, moments, first, last));
}

}  // namespace moestro
