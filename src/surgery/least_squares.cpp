#include "moestro/surgery/least_squares.h"

#include <algorithm>

#include <ATen/ATen.h>

#include "moestro/core/error.h"

namespace moestro {
namespace {

constexpr double kLeastRidge = 1e-12;  // keeps what no row tells at the start

Tensor in_double(const Tensor& x) {
  return x.detach().to(at::kDouble);
}

double product(const Tensor& a, const Tensor& b) {
  return (a * b).sum().item<double>();
}

}  // namespace

void ScaleFit::add(const Tensor& out_NC, const Tensor& target_NC) {
  MOESTRO_CHECK(out_NC.sizes() == target_NC.sizes());
  const Tensor out = in_double(out_NC), target = in_double(target_NC);
  out_target_ += product(out, target);
  out_out_ += product(out, out);
  target_target_ += product(target, target);
}

double ScaleFit::scale() const {
  return out_out_ == 0 ? 1 : out_target_ / out_out_;
}

double ScaleFit::residual() const {
  if (target_target_ == 0) return 0;
  if (out_out_ == 0) return 1;
  return std::max(1 - out_target_ * out_target_ / (out_out_ * target_target_), 0.);  // or NaN
}

LinearFit::LinearFit(LinearMap start, double ridge) : start_(std::move(start)), ridge_(ridge) {
  MOESTRO_CHECK(ridge >= 0);
}

void LinearFit::add(const Tensor& h_NF, const Tensor& target_NC) {
  MOESTRO_CHECK(h_NF.size(0) == target_NC.size(0) && h_NF.size(1) == start_.weight_FC.size(0) &&
                target_NC.size(1) == start_.weight_FC.size(1));
  Tensor h = in_double(h_NF);
  if (start_.bias_C.defined()) h = at::cat({h, at::ones({h.size(0), 1}, h.options())}, 1);
  const Tensor target = in_double(target_NC);
  const Tensor gram = h.t().matmul(h), cross = h.t().matmul(target);
  gram_ = gram_.defined() ? gram_ + gram : gram;
  cross_ = cross_.defined() ? cross_ + cross : cross;
  target_target_ += product(target, target);
  solution_ = Tensor();
}

// The normal equations about the start, which are well conditioned by the ridge.
Tensor LinearFit::solution() const {
  if (solution_.defined()) return solution_;
  solution_ = in_double(start_.weight_FC).to(gram_.device());
  if (start_.bias_C.defined())
    solution_ = at::cat({solution_, in_double(start_.bias_C).to(gram_.device()).unsqueeze(0)});
  const Tensor mean = gram_.diagonal().mean();
  if (mean.item<double>() == 0) return solution_;
  const Tensor ridge = mean * std::max(ridge_, kLeastRidge);
  const Tensor regular = gram_ + at::eye(gram_.size(0), gram_.options()) * ridge;
  solution_ = solution_ + at::linalg_solve(regular, cross_ - gram_.matmul(solution_));
  return solution_;
}

LinearMap LinearFit::map() const {
  if (!gram_.defined()) return start_;
  const Tensor found = solution();
  LinearMap map;
  const int64_t rows = start_.weight_FC.size(0);
  map.weight_FC = found.narrow(0, 0, rows).to(start_.weight_FC.options());
  if (start_.bias_C.defined()) map.bias_C = found[rows].to(start_.bias_C.options());
  return map;
}

double LinearFit::residual() const {
  if (!gram_.defined() || target_target_ == 0) return 0;
  const Tensor found = solution();
  const double left =
      product(found, gram_.matmul(found)) - 2 * product(found, cross_) + target_target_;
  return std::max(left / target_target_, 0.);  // or NaN
}

}  // namespace moestro
