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
  inspection.importance = {.45, .55};
  inspection.specialisation = {.91, kNotKnown};
  inspection.own_accuracy = {.955, kNotKnown};
  inspection.accuracy = {.3, .2};
  inspection.owns = {{"Bag"}, {"Trouser", "Coat"}};
  return inspection;
}

TEST(ExpertTable, has_a_row_an_expert) {
  EXPECT_EQ(expert_table(two_experts(), Rules::none),
            "expert  samples    mass  index  right on own  on all  owns\n"
            "     0   40.0 %  45.0 %   0.91        95.5 %  30.0 %  Bag\n"
            "     1   60.0 %  55.0 %      –             –  20.0 %  Trouser, Coat\n");
}

TEST(ExpertTable, of_an_older_folder_leaves_out_what_it_does_not_have) {
  InspectionRecord inspection = two_experts();
  inspection.importance.clear();
  inspection.specialisation.clear();
  EXPECT_EQ(expert_table(inspection, Rules::none),
            "expert  samples  right on own  on all  owns\n"
            "     0   40.0 %        95.5 %  30.0 %  Bag\n"
            "     1   60.0 %             –  20.0 %  Trouser, Coat\n");
}

TEST(ExpertTable, names_as_many_classes_as_eighty_columns_hold) {
  InspectionRecord inspection = two_experts();
  inspection.owns = {{"T-shirt/top", "Pullover", "Dress", "Coat"},
                     {"quite a long name for a class", "and another one"}};
  const std::string table = expert_table(inspection, Rules::none);
  EXPECT_NE(table.find("  T-shirt/top and 3 more\n"), std::string::npos) << table;
  EXPECT_NE(table.find("  2 classes\n"), std::string::npos) << table;
}

TEST(ExpertTable, of_regression_holds_errors_and_no_classes) {
  InspectionRecord inspection;
  inspection.experts = 1;
  inspection.usage = {1};
  inspection.own_accuracy = inspection.accuracy = {2.3141};
  EXPECT_EQ(expert_table(inspection, Rules::none),
            "expert  samples  error on own  on all\n"
            "     0  100.0 %         2.314   2.314\n");
}

TEST(ClassTable, orders_classes_by_their_expert) {
  EXPECT_EQ(class_table(two_experts(), Rules::none),
            "class      0   1\n"
            "Bag      100   ·\n"
            "Trouser    1  99\n"
            "Coat      20  80\n");
}

TEST(ClassTable, of_many_experts_stands_in_several_tables) {
  InspectionRecord inspection = two_experts();
  inspection.experts = 20;
  inspection.class_by_expert.assign(3, std::vector<int64_t>(20, 1234));
  const std::string table = class_table(inspection, Rules::none);
  // Seven characters of a class and nine times two of a gap and five digits make 70, ten 77.
  EXPECT_NE(table.find("     8      9\nTrouser  1,234"), std::string::npos) << table;
  EXPECT_NE(table.find("1,234\n\nclass       10     11"), std::string::npos) << table;
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
