#include "moestro/report/probing_text.h"

#include <sstream>

#include <gtest/gtest.h>

#include "moestro/report/escape.h"
#include "report/probing_fixture.h"
#include "report/transformer_fixture.h"

namespace moestro {
namespace {

using testing::on_parts;
using testing::probing_of;
using testing::two_experts;

InspectionRecord inspection(bool classes) {
  InspectionRecord inspection;
  if (classes) inspection.classes = {"ape", "bee"};
  inspection.probing = probing_of(two_experts());
  return inspection;
}

TEST(ProbingText, of_classes_has_a_row_an_expert_and_what_all_of_them_know) {
  EXPECT_EQ(probing_text(inspection(true), Rules::none),
            "Each expert alone: % of answers that are wrong\n"
            "expert    share      own  others'      all\n"
            "     0   75.0 %   5.00 %  50.00 %  16.25 %\n"
            "     1   25.0 %  20.00 %  37.50 %  33.12 %\n"
            "   all  100.0 %   8.75 %  40.62 %  24.69 %\n"
            "routing accuracy: 95.00 % of the samples that some expert has right\n"
            "oracle: 4.00 % of the samples are beyond all experts\n"
            "agreement: two experts say the same of 70.00 % of the samples\n"
            "disagreement: V = 1.25 beside a mean square of 7.5 of the outputs\n");
}

TEST(ProbingText, of_values_has_errors_in_their_units) {
  EXPECT_EQ(probing_text(inspection(false), Rules::none),
            "Each expert alone: root mean squared error\n"
            "expert    share     own  others'     all\n"
            "     0   75.0 %    0.05      0.5  0.1625\n"
            "     1   25.0 %     0.2    0.375  0.3312\n"
            "   all  100.0 %  0.0875   0.4062  0.2469\n"
            "oracle: 0.04 with the best expert for each sample\n"
            "disagreement: V = 1.25 beside a mean square of 7.5 of the outputs\n");
}

TEST(ProbingText, of_a_partition_names_the_run_and_each_experts_part) {
  InspectionRecord both = inspection(true);
  both.partition = probing_of(on_parts());
  const std::string text = probing_text(both, Rules::none);
  EXPECT_NE(text.find("\n\nEach expert alone, on the parts of runs/other: % of answers"),
            std::string::npos);
  EXPECT_NE(text.find("     0     1   75.0 %   5.00 %"), std::string::npos);
  EXPECT_NE(text.find("   all        100.0 %   8.75 %"), std::string::npos);
}

InspectionRecord layers(bool split) {
  return inspection_record(testing::layers_inspection({.probing = true, .split = split}), "x");
}

TEST(ProbingText, of_layers_has_a_table_each) {
  const std::string text = probing_text(layers(true), Rules::none);
  EXPECT_EQ(text.substr(0, text.find("encoder.3")),
            "Each expert for all rows of its layer, the other layers as trained\n"
            "encoder.1\n"
            "expert   share  own loss   error  others' loss   error  loss on all   error\n"
            "     0  10.0 %    0.3100  0.1000        1.7654  0.4321       1.5000  0.3750\n"
            "     1  20.0 %    0.3100  0.1000        1.7654  0.4321       1.5000  0.3750\n"
            "     2  30.0 %    0.3100  0.1000        1.7654  0.4321       1.5000  0.3750\n"
            "     3  40.0 %    0.3100  0.1000        1.7654  0.4321       1.5000  0.3750\n"
            " model                                                       0.2900  0.0987\n"
            "\n");
}

TEST(ProbingText, of_layers_that_decide_by_token_has_all_answers_only) {
  const std::string text = probing_text(layers(false), Rules::none);
  EXPECT_NE(text.find("expert  loss on all   error\n     0       1.5000  0.3750\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find(" model       0.2900  0.0987\n"), std::string::npos) << text;
}

TEST(ProbingText, fits_a_terminal_of_eighty_columns) {
  InspectionRecord both = inspection(true);
  both.partition = probing_of(on_parts());
  for (const InspectionRecord& made : {both, layers(true)})
    for (Rules rules : {Rules::none, Rules::lines}) {
      std::istringstream lines(probing_text(made, rules));
      for (std::string line; std::getline(lines, line);) EXPECT_LE(display_width(line), 80) << line;
    }
}

TEST(ProbingText, of_what_was_not_probed_is_empty) {
  EXPECT_EQ(probing_text(InspectionRecord(), Rules::none), "");
}

}  // namespace
}  // namespace moestro
