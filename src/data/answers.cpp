#include "moestro/data/answers.h"

#include <ATen/Functions.h>

#include "moestro/core/error.h"

namespace moestro {

Tensor answers(const Tensor& targets) {
  if (targets.dim() == 1) return targets;
  MOESTRO_CHECK(targets.dim() == 2, "{}", shape_text(targets.sizes().vec()));
  const Tensor said_BU = targets.narrow(1, 1, targets.size(1) - 1);
  return said_BU.masked_select(said_BU.ge(0)).to(at::kLong);
}

Tensor without_last(const Tensor& ids_BU) {
  MOESTRO_CHECK(ids_BU.dim() == 2 && ids_BU.size(1) > 0, "{}", shape_text(ids_BU.sizes().vec()));
  const int64_t fed = ids_BU.size(1) - 1;
  return ids_BU.narrow(1, 0, fed).masked_fill(ids_BU.narrow(1, 1, fed).lt(0), -1);
}

Tensor lengths(const Tensor& ids_BT) {
  MOESTRO_CHECK(ids_BT.dim() == 2, "{}", shape_text(ids_BT.sizes().vec()));
  return ids_BT.ge(0).sum(1).cpu();
}

}  // namespace moestro
