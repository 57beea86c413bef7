#include "moestro/store/csv_cell.h"

#include <gtest/gtest.h>

namespace moestro {
namespace {

TEST(CsvCell, stands_in_quotes_only_where_it_must) {
  EXPECT_EQ(csv_cell("plain text"), "plain text");
  EXPECT_EQ(csv_cell("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_cell("6\" nails"), "\"6\"\" nails\"");
  EXPECT_EQ(csv_cell("two\nlines"), "\"two\nlines\"");
  EXPECT_EQ(csv_cell(""), "");
}

}  // namespace
}  // namespace moestro
