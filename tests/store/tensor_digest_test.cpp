#include "moestro/store/tensor_digest.h"

#include <ATen/Functions.h>
#include <gtest/gtest.h>

namespace moestro {
namespace {

const Tensor& counted() {
  static const Tensor value = at::arange(6, at::kFloat).view({2, 3});
  return value;
}

TEST(TensorDigest, is_of_the_values_whatever_their_strides) {
  const std::string digest = digest_of({{"a", counted()}});
  EXPECT_EQ(digest, digest_of({{"a", counted().t().contiguous().t()}}));
  EXPECT_EQ(digest.size(), 64u);
}

TEST(TensorDigest, differs_by_name_type_shape_value_and_order) {
  const Tensor x = counted();
  const std::string digest = digest_of({{"a", x}, {"b", x}});
  EXPECT_NE(digest, digest_of({{"a", x}, {"c", x}}));
  EXPECT_NE(digest, digest_of({{"a", x}, {"b", x.view(at::kInt)}}));
  EXPECT_NE(digest, digest_of({{"a", x}, {"b", x.view({3, 2})}}));
  EXPECT_NE(digest, digest_of({{"a", x}, {"b", x + 1}}));
  EXPECT_NE(digest, digest_of({{"b", x}, {"a", x}}));
}

}  // namespace
}  // namespace moestro
