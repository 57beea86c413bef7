#include "moestro/core/column_sums.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "moestro/core/device.h"

namespace moestro::testing {
namespace {

TEST(ColumnSums, adds_the_rows_on_every_device) {
  const c10::Device device = resolve_device("auto");
  for (const Shape& shape : {Shape{300, 20}, Shape{1, 3}, Shape{0, 4}}) {
    const Tensor x = at::arange(shape[0] * shape[1], at::kDouble).view(shape);
    // Column j of numbers counted line by line.
    const double rows = static_cast<double>(shape[0]), columns = static_cast<double>(shape[1]);
    const Tensor expected =
        rows * (rows - 1) / 2 * columns + rows * at::arange(columns, at::kDouble);
    EXPECT_TRUE(at::equal(column_sums(x), expected));
    const Tensor there = x.to(device).requires_grad_();
    EXPECT_TRUE(at::equal(column_sums(there).detach().cpu(), expected));
    column_sums(there).sum().backward();
    EXPECT_TRUE(at::equal(there.grad().cpu(), at::ones_like(x)));
  }
}

}  // namespace
}  // namespace moestro::testing
