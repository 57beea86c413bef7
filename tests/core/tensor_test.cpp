#include "moestro/core/tensor.h"

#include <gtest/gtest.h>

namespace moestro {
namespace {

TEST(Shape, reads_as_extents_with_a_cross_between) {
  EXPECT_EQ(shape_text({3, 32, 32}), "3x32x32");
  EXPECT_EQ(shape_text({7}), "7");
}

TEST(Shape, has_as_many_values_as_the_product_of_its_extents) {
  EXPECT_EQ(values_of({3, 32, 32}), 3072);
  EXPECT_EQ(values_of({}), 1);
  EXPECT_EQ(values_of({4, 0}), 0);
}

}  // namespace
}  // namespace moestro
