#include "moestro/report/right_table.h"

#include <gtest/gtest.h>

namespace moestro {
namespace {

InspectionRecord three_experts() {
  InspectionRecord inspection;
  inspection.experts = 3;
  inspection.right = {{.97, .2, .5}, {kNotKnown, kNotKnown, kNotKnown}, {0, .25, 1}};
  inspection.mixture_accuracy = .974;
  inspection.owner_accuracy = .9731;
  inspection.oracle_accuracy = .992;
  inspection.rescuable_errors = .69;
  return inspection;
}

TEST(RightTable, has_a_row_an_expert_with_samples) {
  EXPECT_EQ(right_table(three_experts(), Rules::none),
            "samples of   0   1    2\n"
            "         0  97  20   50\n"
            "         2   0  25  100\n");
}

TEST(RightTable, of_many_experts_names_the_best_other) {
  InspectionRecord inspection = three_experts();
  inspection.experts = 20;
  inspection.right.assign(20, std::vector<double>(20, .1));
  inspection.right[0][0] = .9;
  inspection.right[0][7] = .6;
  inspection.right[19][0] = .3;
  const std::string table = right_table(inspection, Rules::none);
  EXPECT_NE(table.find("\n         0      90          60      7\n"), std::string::npos) << table;
  EXPECT_NE(table.find("\n        19      10          30      0\n"), std::string::npos) << table;
}

TEST(RightTable, of_values_or_of_one_expert_is_empty) {
  EXPECT_EQ(right_table(InspectionRecord(), Rules::none), "");
  InspectionRecord inspection;
  inspection.experts = 1;
  inspection.right = {{.9}};
  EXPECT_EQ(right_table(inspection, Rules::none), "");
}

TEST(OracleTable, says_what_a_better_gate_could_reach) {
  InspectionRecord inspection = three_experts();
  EXPECT_EQ(oracle_table(inspection, Rules::none),
            "who answers                             right\n"
            "the mixture                           97.40 %\n"
            "the owner of each sample, alone       97.31 %\n"
            "a right expert wherever there is one  99.20 %\n"
            "Of the mixture's errors, 69.0 % are answered rightly by some expert.\n");
  inspection.rescuable_errors = kNotKnown;  // no errors
  EXPECT_EQ(oracle_table(inspection, Rules::none).find("Of the"), std::string::npos);
  EXPECT_EQ(oracle_table(InspectionRecord(), Rules::none), "");
}

}  // namespace
}  // namespace moestro
