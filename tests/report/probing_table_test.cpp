#include "moestro/report/probing_table.h"

#include <gtest/gtest.h>

#include "report/probing_fixture.h"

namespace moestro {
namespace {

using testing::probing_of;
using testing::two_experts;

TEST(ProbingFinding, says_whether_experts_know_different_things) {
  ProbingRecord probing = probing_of(two_experts());
  EXPECT_EQ(probing_finding(probing, true),
            "Alone, experts get 8.75 % of their own samples wrong and 40.62 % of the others': each "
            "knows its own part; of the samples that some expert has right, the gate gives 95.0 % "
            "to one that has, and no expert is right about 4.00 % of all samples.");
  probing.others_error = .0876;
  EXPECT_EQ(probing_finding(probing, false),
            "Alone, experts have a root mean squared error of 0.0875 on their own samples and of "
            "0.0876 on the others': almost any of them would do; the best expert for each sample "
            "would leave 0.04.");
  probing.others_error = .12;
  EXPECT_NE(probing_finding(probing, false).find("0.12 on the others'; the best"),
            std::string::npos);
  probing.routing_accuracy = kNotKnown;
  EXPECT_TRUE(probing_finding(probing, true).ends_with("; no expert is right about any sample."));
}

TEST(ProbingTable, leaves_empty_what_the_sum_of_all_experts_has_not) {
  const ProbingTable table = probing_table(probing_of(testing::on_parts()), true);
  EXPECT_EQ(table.headings,
            (std::vector<std::string>{"expert", "part", "share", "own", "others'", "all"}));
  ASSERT_EQ(table.rows.size(), 3u);
  EXPECT_EQ(table.rows[1],
            (std::vector<std::string>{"1", "0", "25.0 %", "20.00 %", "37.50 %", "33.12 %"}));
  EXPECT_EQ(table.rows[2],
            (std::vector<std::string>{"all", "", "100.0 %", "8.75 %", "40.62 %", "24.69 %"}));
}

TEST(ProbingTable, says_what_is_not_known_with_a_dash) {
  nlohmann::json json = two_experts();
  json["own"][1] = nullptr;
  EXPECT_EQ(probing_table(probing_of(json), true).rows[1][2], "–");
}

}  // namespace
}  // namespace moestro
