#include "moestro/report/text_table.h"

#include <gtest/gtest.h>

namespace moestro {
namespace {

TextTable arms() {
  TextTable table;
  table.column("arm", TextTable::Align::left);
  table.column("error", TextTable::Align::right);
  table.row({"attentive", "9.87 %"});
  table.row({"čas", "–"});
  return table;
}

TEST(TextTable, aligns_columns_without_rules) {
  EXPECT_EQ(arms().str(Rules::none),
            "arm         error\n"
            "attentive  9.87 %\n"
            "čas             –\n");
}

TEST(TextTable, has_lines_where_they_are_asked_for) {
  EXPECT_EQ(arms().str(Rules::lines),
            "─────────────────\n"
            "arm         error\n"
            "─────────────────\n"
            "attentive  9.87 %\n"
            "čas             –\n"
            "─────────────────\n");
}

TEST(TextTable, lets_no_control_character_through) {
  TextTable table;
  table.column("x", TextTable::Align::left);
  table.row({"\x1b[31mred\n"});
  EXPECT_EQ(table.str(Rules::none), "x\n\uFFFD[31mred\uFFFD\n");
}

}  // namespace
}  // namespace moestro
