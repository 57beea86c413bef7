#include "variance_kernel.h"

#include <memory>

#define MOESTRO_BODY "variance_body.h"
#include "on_each_path.h"

namespace moestro {

void variance(VectorPath path, const VarianceWork& work, int64_t first, int64_t last) {
  const auto scratch = std::make_unique_for_overwrite<float[]>(
      (work.shape.experts + 1) * work.shape.classes * lane_count(path));
  MOESTRO_ON_PATH(path, variance(work, scratch.get(), first, last));
}

}  // namespace moestro
