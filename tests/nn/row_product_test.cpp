#include "nn/kernels/blocks/row_product.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "nn/kernels/blocks/packing.h"

namespace moestro {
namespace {

// a [depth] times b [depth, columns], added to c, on one path.
template <class T>
void expect_as_in_float64(VectorPath path, int64_t depth, int64_t columns, bool add) {
  const auto type = c10::CppTypeToScalarType<T>::value;
  const at::Tensor a = at::randn({depth + depth % 2}).to(type),
                   b = at::randn({depth, columns}).to(type);
  a.slice(0, depth).zero_();
  at::Tensor strip = at::zeros({(depth + 1) / 2 * 2, kStrip}, type), c = at::randn({kStrip});
  const at::Tensor before = c.to(at::kDouble).slice(0, 0, columns);
  pack_strip(path, RowSource<T>{b.const_data_ptr<T>(), columns}, depth, 0, columns,
             strip.mutable_data_ptr<T>());
  const int64_t read = sizeof(T) == 2 ? depth + depth % 2 : depth;
  row_product(path, a.const_data_ptr<T>(), strip.const_data_ptr<T>(), columns, read, add,
              c.mutable_data_ptr<float>());
  at::Tensor expected = at::mv(b.to(at::kDouble).t(), a.slice(0, 0, depth).to(at::kDouble));
  if (add) expected = expected + before;
  EXPECT_LE((c.slice(0, 0, columns).to(at::kDouble) - expected).abs().max().item<double>(), 1e-5)
      << path_name(path) << " " << depth << " " << columns;
}

TEST(RowProduct, agrees_with_float64_on_each_path) {
  at::manual_seed(1);
  for (const VectorPath path : vector_paths())
    for (const int64_t depth : {1, 2, 7, 64, 129})
      for (const int64_t columns : {1, 16, 40, 64})
        for (const bool add : {false, true}) {
          expect_as_in_float64<float>(path, depth, columns, add);
          expect_as_in_float64<c10::BFloat16>(path, depth, columns, add);
        }
}

}  // namespace
}  // namespace moestro
