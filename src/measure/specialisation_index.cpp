#include "moestro/measure/specialisation_index.h"

#include <limits>

#include <ATen/ATen.h>

#include "moestro/core/error.h"

namespace moestro {

Tensor specialisation_index(const Tensor& counts_CE) {
  const Tensor table_CE = counts_CE.cpu().to(at::kDouble);
  if (!(table_CE.sum().item<double>() > 0))
    throw UserError("specialisation index: no counts; expected at least one sample");
  const Tensor class_C = table_CE.sum(1) / table_CE.sum();
  const double whole = at::special_entr(class_C).sum().item<double>();
  if (!(whole > 0))
    return at::full({table_CE.size(1)}, std::numeric_limits<double>::quiet_NaN(), at::kDouble);
  const Tensor shares_CE = table_CE / table_CE.sum(0);  // 0 / 0 for an expert without samples
  return 1 - at::special_entr(shares_CE).sum(0) / whole;
}

}  // namespace moestro
