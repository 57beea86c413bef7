#include "moestro/objective/distances.h"

#include <c10/core/GradMode.h>

#include "valid_rows.h"

namespace moestro {
namespace {

constexpr int64_t kRowsAtOnce = 128;  // of the triangle, on a CPU

Tensor flat(const Tensor& x, const Tensor& valid_B) {
  MOESTRO_CHECK(x.dim() >= 2, "{} dimensions", x.dim());
  const at::ScalarType type = at::promote_types(x.scalar_type(), at::kFloat);
  return valid_rows(x.detach().flatten(1).to(type), valid_B);
}

Tensor valid_pairs(Tensor x_BB, const Tensor& valid_B) {
  if (!valid_B.defined()) return x_BB;
  const Tensor padding_B = valid_B.logical_not();
  return x_BB.masked_fill_(padding_B.unsqueeze(0), 0).masked_fill_(padding_B.unsqueeze(1), 0);
}

// The strict upper triangle of squares(b) + squares(b') - 2 x(b) x(b'), never below 0, or its root.
Tensor upper_triangle(const Tensor& x_BD, const Tensor& squares_B, bool root) {
  const int64_t rows = x_BD.size(0), step = x_BD.is_cpu() ? kRowsAtOnce : rows;
  const Tensor out_BB = at::empty({rows, rows}, x_BD.options());
  for (int64_t first = 0; first < rows; first += step) {
    const int64_t count = std::min(step, rows - first);
    const Tensor strip_RB = out_BB.narrow(0, first, count);
    strip_RB.narrow(1, 0, first).zero_();
    Tensor block_RC = strip_RB.slice(1, first);
    at::add_out(block_RC, squares_B.narrow(0, first, count).unsqueeze(1),
                squares_B.slice(0, first));
    block_RC.addmm_(x_BD.narrow(0, first, count), x_BD.slice(0, first).t(), 1, /*alpha=*/-2);
    block_RC.clamp_min_(0);
    if (root) block_RC.sqrt_();
    block_RC.narrow(1, 0, count).triu_(1);
  }
  return out_BB;
}

// For each valid row the valid row before it, for the first one the last.
Tensor row_before(const Tensor& valid_B) {
  const Tensor rows_B = at::arange(valid_B.size(0), valid_B.options().dtype(at::kLong));
  const Tensor latest_B = std::get<0>(rows_B.masked_fill(valid_B.logical_not(), -1).cummax(0));
  const Tensor before_B = latest_B.roll(1).where(rows_B > 0, -1);
  return at::where(before_B < 0, latest_B.max(), before_B).clamp_min(0);
}

}  // namespace

// Distances of 2 x are twice those of x.
Tensor euclidean_distances(const Tensor& x, const Tensor& valid_B) {
  const c10::NoGradGuard no_gradient;
  Tensor x_BD = flat(x, valid_B);
  x_BD = 2 * valid_rows(x_BD - x_BD.sum(0) / decisions(x_BD, valid_B), valid_B);
  return valid_pairs(upper_triangle(x_BD, x_BD.square().sum(1), /*root=*/true), valid_B);
}

// 1 + 1 - 2 cos is twice the distance.
Tensor cosine_distances(const Tensor& x, const Tensor& valid_B) {
  const c10::NoGradGuard no_gradient;
  const Tensor x_BD = flat(x, valid_B);
  const Tensor unit_BD = x_BD / x_BD.norm(2, {1}, /*keepdim=*/true).clamp_min(1e-12);
  const Tensor ones_B = at::ones({x.size(0)}, unit_BD.options());
  return valid_pairs(upper_triangle(unit_BD, ones_B, /*root=*/false), valid_B);
}

Tensor constant_distances(const Tensor& distance_BB, const Tensor& valid_B) {
  const Tensor mean = distance_BB.sum() / decisions(distance_BB, valid_B).square();
  return valid_pairs(mean.expand(distance_BB.sizes()).clone(), valid_B);
}

Tensor shuffled_distances(const Tensor& distance_BB, const Tensor& valid_B) {
  if (!valid_B.defined()) return distance_BB.roll({1, 1}, {0, 1});
  const Tensor before_B = row_before(valid_B);
  return valid_pairs(distance_BB.index_select(0, before_B).index_select(1, before_B), valid_B);
}

}  // namespace moestro
