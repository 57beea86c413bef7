#include "moestro/report/expert_table.h"

#include <gtest/gtest.h>

namespace moestro {
namespace {

InspectionRecord two_experts() {
  InspectionRecord inspection;
  inspection.rows = 300;
  inspection.experts = 2;
  inspection.classes = {"Trouser", "Bag", "Coat"};
  inspection.class_by_expert = {{1, 99}, {100, 0}, {20, 80}};
  inspection.usage = {.4, .6};
  inspection.own_accuracy = {.955, kNotKnown};
  inspection.accuracy = {.3, .2};
  inspection.owns = {{"Bag"}, {"Trouser", "Coat"}};
  return inspection;
}

TEST(ExpertTable, has_a_row_an_expert) {
  EXPECT_EQ(expert_table(two_experts(), Rules::none),
            "expert  samples  own accuracy  accuracy on all  owns\n"
            "     0   40.0 %        95.5 %           30.0 %  Bag\n"
            "     1   60.0 %             –           20.0 %  Trouser, Coat\n");
}

TEST(ExpertTable, of_regression_holds_errors_and_no_classes) {
  InspectionRecord inspection;
  inspection.experts = 1;
  inspection.usage = {1};
  inspection.own_accuracy = inspection.accuracy = {2.3141};
  EXPECT_EQ(expert_table(inspection, Rules::none),
            "expert  samples  own error  error on all\n"
            "     0  100.0 %      2.314         2.314\n");
}

TEST(ClassTable, orders_classes_by_their_expert) {
  EXPECT_EQ(class_table(two_experts(), Rules::none),
            "class      0   1\n"
            "Bag      100   ·\n"
            "Trouser    1  99\n"
            "Coat      20  80\n");
}

TEST(ClassTable, is_empty_where_nothing_is_split) {
  InspectionRecord inspection;
  inspection.experts = 5;
  EXPECT_EQ(class_table(inspection, Rules::none), "");
  inspection = two_experts();
  inspection.experts = 1;
  EXPECT_EQ(class_table(inspection, Rules::none), "");
}

TEST(NamesText, shortens_a_long_list) {
  EXPECT_EQ(names_text({}, 2), "");
  EXPECT_EQ(names_text({"a", "b", "c"}, 2), "a, b, c");  // "1 more" is no shorter
  EXPECT_EQ(names_text({"a", "b", "c", "d"}, 2), "a, b and 2 more");
}

}  // namespace
}  // namespace moestro
