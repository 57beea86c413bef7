#include "mix_kernel.h"

#include <memory>

#define MOESTRO_BODY "mix_body.h"
#include "on_each_path.h"

namespace moestro {
namespace {

std::unique_ptr<float[]> scratch_of(VectorPath path, int64_t rows) {
  return std::make_unique_for_overwrite<float[]>(rows * lane_count(path));
}

}  // namespace

void mix_forward(VectorPath path, const MixForward& work, int64_t first, int64_t last) {
  const auto scratch = scratch_of(path, (work.shape.experts + 1) * work.shape.classes);
  MOESTRO_ON_PATH(path, mix_forward(work, scratch.get(), first, last));
}

void mix_backward(VectorPath path, const MixBackward& work, int64_t first, int64_t last) {
  const auto scratch = scratch_of(path, 4 * work.shape.classes);
  MOESTRO_ON_PATH(path, mix_backward(work, scratch.get(), first, last));
}

}  // namespace moestro
