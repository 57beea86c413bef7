// Fitting a gathered layer to what the mixture answers on calibration rows, in closed form.
#pragma once

#include "moestro/core/tensor.h"

namespace moestro {

// The factor s with the least ||s out - target||^2 over all rows: <out, target> / <out, out>; 1
// where out is 0. Batches are added one by one, in double.
class ScaleFit {
 public:
  void add(const Tensor& out_NC, const Tensor& target_NC);
  double scale() const;
  // What is left of ||target||^2: 1 - <out, target>^2 / (<out, out> <target, target>), from 0 to 1.
  double residual() const;

 private:
  double out_target_ = 0, out_out_ = 0, target_target_ = 0;
};

struct LinearMap {
  Tensor weight_FC, bias_C;  // bias: undefined without one
};

// The linear map h -> h W + b with the least ||h W + b - target||^2 + r ||[W, b] - [W0, b0]||^2, r
// the ridge (1e-12 at least) times the squared norm of a column of [h, 1], the mean of all columns
// (chosen), [W0, b0] the map to stay near to. Batches are added one by one, in double.
class LinearFit {
 public:
  explicit LinearFit(LinearMap start, double ridge = 1e-4);
  void add(const Tensor& h_NF, const Tensor& target_NC);
  LinearMap map() const;    // in the start's type; the start where no row was added
  double residual() const;  // of the map: ||h W + b - target||^2 / ||target||^2

 private:
  Tensor solution() const;

  LinearMap start_;
  double ridge_;
  Tensor gram_, cross_;      // of [h, 1] with itself, and with the target
  mutable Tensor solution_;  // undefined until it is asked for
  double target_target_ = 0;
};

}  // namespace moestro
