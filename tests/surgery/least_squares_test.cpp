#include "moestro/surgery/least_squares.h"

#include <cmath>
#include <limits>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "gradient_check.h"
#include "moestro/core/error.h"

namespace moestro {
namespace {

using testing::normal;

double squares(const Tensor& x) {
  return x.square().sum().item<double>();
}

TEST(ScaleFit, is_the_least_squares_optimum) {
  const Tensor out = normal({20, 3}, 1), target = .7 * out + normal({20, 3}, 2);
  ScaleFit fit;
  fit.add(out, target);
  const auto loss = [&](double s) { return squares(s * out - target); };
  EXPECT_NEAR(fit.scale(), (out * target).sum().item<double>() / squares(out), 1e-12);
  EXPECT_LT(loss(fit.scale()), loss(fit.scale() + 1e-3));
  EXPECT_LT(loss(fit.scale()), loss(fit.scale() - 1e-3));
  EXPECT_NEAR(fit.residual(), loss(fit.scale()) / squares(target), 1e-12);
}

TEST(ScaleFit, of_batches_is_that_of_all_rows) {
  const Tensor out = normal({20, 3}, 1), target = normal({20, 3}, 2);
  ScaleFit once, batches;
  once.add(out, target);
  for (const auto& [first, count] : {std::pair{0, 7}, {7, 0}, {7, 12}, {19, 1}})
    batches.add(out.narrow(0, first, count), target.narrow(0, first, count));
  EXPECT_NEAR(batches.scale(), once.scale(), 1e-14);
  EXPECT_NEAR(batches.residual(), once.residual(), 1e-14);
}

TEST(ScaleFit, leaves_nothing_of_a_multiple) {
  ScaleFit fit;
  const Tensor out = normal({20, 3}, 1);
  fit.add(out, -2.5 * out);
  EXPECT_NEAR(fit.scale(), -2.5, 1e-14);
  EXPECT_NEAR(fit.residual(), 0, 1e-14);
}

TEST(ScaleFit, is_one_for_nothing) {
  ScaleFit nothing, zeros, no_target;
  zeros.add(at::zeros({4, 2}), at::ones({4, 2}));
  no_target.add(at::ones({4, 2}), at::zeros({4, 2}));
  EXPECT_EQ(nothing.scale(), 1);
  EXPECT_EQ(nothing.residual(), 0);
  EXPECT_EQ(zeros.scale(), 1);
  EXPECT_EQ(zeros.residual(), 1);
  EXPECT_EQ(no_target.scale(), 0);
  EXPECT_EQ(no_target.residual(), 0);
}

TEST(ScaleFit, adds_in_double) {
  ScaleFit fit;
  fit.add(at::ones({1, 2}), at::tensor({16777216.f, 1.f}).view({1, 2}));  // 2^24
  EXPECT_EQ(fit.scale(), 16777217. / 2);
}

TEST(ScaleFit, does_not_hide_what_is_not_finite) {
  ScaleFit fit;
  fit.add(at::full({2, 2}, std::numeric_limits<double>::quiet_NaN()), at::ones({2, 2}));
  EXPECT_TRUE(std::isnan(fit.scale()));
  EXPECT_TRUE(std::isnan(fit.residual()));
}

TEST(ScaleFit, refuses_other_shapes) {
  ScaleFit fit;
  EXPECT_THROW(fit.add(at::ones({4, 2}), at::ones({4, 1})), InternalError);
}

struct Rows {
  explicit Rows(bool bias, int64_t features = 5)
      : h(normal({30, features}, 1)),
        target(normal({30, 3}, 2)),
        start{normal({features, 3}, 3), bias ? normal({3}, 4) : Tensor()} {}

  static Tensor mapped(const Tensor& h, const LinearMap& map) {
    const Tensor out = h.matmul(map.weight_FC);
    return map.bias_C.defined() ? out + map.bias_C : out;
  }
  double residual(const LinearMap& map) const {
    return squares(mapped(h, map) - target) / squares(target);
  }

  Tensor h, target;
  LinearMap start;
};

TEST(LinearFit, without_ridge_finds_a_planted_map) {
  for (const bool bias : {true, false}) {
    Rows rows(bias);
    const LinearMap planted{normal({5, 3}, 8), bias ? normal({3}, 9) : Tensor()};
    rows.target = Rows::mapped(rows.h, planted);
    LinearFit fit(rows.start, 0);
    fit.add(rows.h, rows.target);
    const LinearMap found = fit.map();
    EXPECT_TRUE(at::allclose(found.weight_FC, planted.weight_FC, 1e-9, 1e-9));
    EXPECT_EQ(found.bias_C.defined(), bias);
    EXPECT_TRUE(!bias || at::allclose(found.bias_C, planted.bias_C, 1e-9, 1e-9));
    EXPECT_NEAR(fit.residual(), 0, 1e-12);
  }
}

// Its gradient is 0: h'(h W + b - target) + r (W - W0) = 0.
TEST(LinearFit, is_the_optimum_of_what_it_states) {
  for (const bool bias : {true, false})
    for (const double ridge : {0., 1e-4, .5}) {
      const Rows rows(bias);
      LinearFit fit(rows.start, ridge);
      fit.add(rows.h, rows.target);
      const LinearMap map = fit.map();
      const Tensor rest = Rows::mapped(rows.h, map) - rows.target;
      const double columns = bias ? 6 : 5;
      const double r = ridge * (squares(rows.h) + (bias ? 30 : 0)) / columns;
      const Tensor slope_W = rows.h.t().matmul(rest) + r * (map.weight_FC - rows.start.weight_FC);
      EXPECT_LT(slope_W.abs().max().item<double>(), 1e-8);
      if (bias) {
        const Tensor slope_b = rest.sum(0) + r * (map.bias_C - rows.start.bias_C);
        EXPECT_LT(slope_b.abs().max().item<double>(), 1e-8);
      }
    }
}

TEST(LinearFit, says_what_it_leaves_and_is_no_worse_than_the_start) {
  for (const bool bias : {true, false})
    for (const double ridge : {0., 1e-4, 1., 1e6}) {
      const Rows rows(bias);
      LinearFit fit(rows.start, ridge);
      fit.add(rows.h, rows.target);
      EXPECT_NEAR(fit.residual(), rows.residual(fit.map()), 1e-10);
      EXPECT_LE(fit.residual(), rows.residual(rows.start) + 1e-12);
    }
}

TEST(LinearFit, stays_nearer_to_the_start_the_larger_the_ridge) {
  const Rows rows(true);
  double before = INFINITY;
  for (const double ridge : {0., .1, 1., 10., 1e8}) {
    LinearFit fit(rows.start, ridge);
    fit.add(rows.h, rows.target);
    const double way = squares(fit.map().weight_FC - rows.start.weight_FC);
    EXPECT_LT(way, before);
    before = way;
  }
  EXPECT_LT(before, 1e-12);
}

TEST(LinearFit, of_batches_is_that_of_all_rows) {
  const Rows rows(true);
  LinearFit once(rows.start), batches(rows.start);
  once.add(rows.h, rows.target);
  for (const auto& [first, count] : {std::pair{0, 11}, {11, 0}, {11, 19}}) {
    batches.add(rows.h.narrow(0, first, count), rows.target.narrow(0, first, count));
    batches.map();  // what was found of some rows is not kept
  }
  EXPECT_TRUE(at::allclose(batches.map().weight_FC, once.map().weight_FC, 1e-10, 1e-10));
  EXPECT_TRUE(at::allclose(batches.map().bias_C, once.map().bias_C, 1e-10, 1e-10));
  EXPECT_NEAR(batches.residual(), once.residual(), 1e-10);
}

TEST(LinearFit, stays_at_the_start_where_nothing_was_added) {
  const Rows rows(true);
  const LinearFit nothing(rows.start);
  EXPECT_TRUE(nothing.map().weight_FC.equal(rows.start.weight_FC));
  EXPECT_TRUE(nothing.map().bias_C.equal(rows.start.bias_C));
  EXPECT_EQ(nothing.residual(), 0);
  LinearFit no_rows(rows.start);
  no_rows.add(rows.h.narrow(0, 0, 0), rows.target.narrow(0, 0, 0));
  EXPECT_TRUE(no_rows.map().weight_FC.equal(rows.start.weight_FC));
  Rows silent(false);
  LinearFit fit(silent.start);
  fit.add(at::zeros_like(silent.h), silent.target);
  EXPECT_TRUE(fit.map().weight_FC.equal(silent.start.weight_FC));
  EXPECT_NEAR(fit.residual(), 1, 1e-12);
}

// A unit that never speaks, one that says what another does, and fewer rows than units.
TEST(LinearFit, keeps_what_no_row_tells_at_the_start) {
  for (const double ridge : {0., 1e-4})
    for (const double size : {1e-4, 1., 1e4}) {
      Rows rows(true, 8);
      rows.h = size * rows.h;
      rows.h.select(1, 2).zero_();
      rows.h.select(1, 4).copy_(rows.h.select(1, 3));
      LinearFit fit(rows.start, ridge);
      fit.add(rows.h, rows.target);
      const LinearMap map = fit.map();
      EXPECT_TRUE(at::allclose(map.weight_FC[2], rows.start.weight_FC[2], 1e-9, 1e-9));
      EXPECT_TRUE(at::allclose(map.weight_FC[3] - map.weight_FC[4],
                               rows.start.weight_FC[3] - rows.start.weight_FC[4], 1e-2,
                               1e-2 / size));
      EXPECT_LE(rows.residual(map), rows.residual(rows.start) + 1e-9);
    }
  Rows few(false, 40);
  LinearFit fit(few.start, 0);
  fit.add(few.h, few.target);
  EXPECT_NEAR(few.residual(fit.map()), 0, 1e-9);
}

TEST(LinearFit, gives_the_type_of_the_start) {
  Rows rows(true);
  rows.start = {rows.start.weight_FC.to(at::kFloat), rows.start.bias_C.to(at::kFloat)};
  LinearFit fit(rows.start);
  fit.add(rows.h.to(at::kFloat), rows.target.to(at::kFloat));
  EXPECT_EQ(fit.map().weight_FC.scalar_type(), at::kFloat);
  EXPECT_EQ(fit.map().bias_C.scalar_type(), at::kFloat);
  EXPECT_EQ(fit.map().bias_C.sizes(), at::IntArrayRef({3}));
}

TEST(LinearFit, refuses_other_shapes) {
  const Rows rows(true);
  LinearFit fit(rows.start);
  EXPECT_THROW(fit.add(rows.h.narrow(1, 0, 4), rows.target), InternalError);
  EXPECT_THROW(fit.add(rows.h, rows.target.narrow(1, 0, 2)), InternalError);
  EXPECT_THROW(fit.add(rows.h.narrow(0, 0, 3), rows.target), InternalError);
  EXPECT_THROW(LinearFit(rows.start, -1), InternalError);
}

}  // namespace
}  // namespace moestro
