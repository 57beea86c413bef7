#include "moestro/data/label_noise.h"

#include <cmath>

#include <ATen/Functions.h>

#include "moestro/core/error.h"
#include "moestro/core/random.h"
#include "moestro/data/dataset.h"

namespace moestro {

void add_label_noise(Dataset& train, double share, uint64_t seed) {
  if (share == 0) return;
  if (train.classes < 2)
    throw UserError("data.label_noise = {}: the targets of {} are {}; expected classes", share,
                    train.name, train.is_translation() ? "translations" : "values");
  const int64_t rows = train.rows();
  const auto changed = static_cast<int64_t>(std::llround(share * static_cast<double>(rows)));
  if (changed == 0)
    throw UserError("data.label_noise = {} changes none of {} rows; expected a larger share, or 0",
                    share, rows);
  at::Generator drawn = generator({seed, Stream::split, "label noise", 0});
  const auto integers = at::TensorOptions().dtype(at::kLong);
  // All rows are drawn for, so that the share moves no draw.
  const Tensor rows_M = at::randperm(rows, drawn, integers).narrow(0, 0, changed);
  const Tensor shift_N = at::randint(1, train.classes, {rows}, drawn, integers);
  const Tensor moved_M =
      (train.targets_N + shift_N).remainder(train.classes).index_select(0, rows_M);
  train.targets_N = train.targets_N.index_copy(0, rows_M, moved_M);
}

}  // namespace moestro
