#include "nn/kernels/blocks/row_product.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "nn/kernels/blocks/packing.h"

namespace moestro {
namespace {

// a [rows, depth] times b [depth, columns], added to c, on one path.
template <class T>
void expect_as_in_float64(VectorPath path, int64_t rows, int64_t depth, int64_t columns, bool add) {
  const auto type = c10::CppTypeToScalarType<T>::value;
  const at::Tensor a = at::randn({rows, depth + depth % 2 + 3}).to(type),
                   b = at::randn({depth, columns}).to(type);
  a.slice(1, depth, depth + depth % 2).zero_();
  at::Tensor strip = at::zeros({(depth + 1) / 2 * 2, kStrip}, type), c = at::randn({rows, kStrip});
  const at::Tensor before = c.to(at::kDouble).slice(1, 0, columns), one = c.slice(0, 0, 1).clone();
  pack_strip(path, RowSource<T>{b.const_data_ptr<T>(), columns}, depth, 0, columns,
             strip.mutable_data_ptr<T>());
  const int64_t read = sizeof(T) == 2 ? depth + depth % 2 : depth;
  const auto multiply = [&](const at::Tensor& to, int64_t count) {
    row_product(path, a.const_data_ptr<T>(), a.size(1), count, strip.const_data_ptr<T>(), columns,
                read, add, to.mutable_data_ptr<float>());
    return to.slice(1, 0, columns);
  };
  const at::Tensor product = multiply(c, rows);
  const at::Tensor exact_a = a.slice(1, 0, depth).to(at::kDouble), exact_b = b.to(at::kDouble);
  at::Tensor expected = at::mm(exact_a, exact_b), size = at::mm(exact_a.abs(), exact_b.abs());
  if (add) expected = expected + before, size = size + before.abs();
  // Each of the sums rounds once, or twice where there is no fused multiplication and addition.
  const at::Tensor error = (product.to(at::kDouble) - expected).abs() / size;
  EXPECT_LE(error.max().item<double>(), (depth + 1) * 0x1p-24)
      << path_name(path) << " " << rows << " " << depth << " " << columns;
  EXPECT_TRUE(at::equal(multiply(one, 1)[0], product[0])) << "a row depends on those beside it";
}

TEST(RowProduct, agrees_with_float64_on_each_path) {
  at::manual_seed(1);
  for (const VectorPath path : vector_paths())
    for (const int64_t depth : {1, 2, 7, 64, 129})
      for (const int64_t columns : {1, 16, 40, 64})
        for (const int64_t rows : {1, 2, 3, 4, 7})
          for (const bool add : {false, true}) {
            expect_as_in_float64<float>(path, rows, depth, columns, add);
            expect_as_in_float64<c10::BFloat16>(path, rows, depth, columns, add);
          }
}

}  // namespace
}  // namespace moestro
