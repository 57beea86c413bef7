#include "moestro/report/finding.h"

#include <cmath>

#include <gtest/gtest.h>

#include "report/run_fixture.h"
#include "store/temporary_folder.h"

namespace moestro {
namespace {

using testing::MadeUpRun;

RunRecord made(const MadeUpRun& run) {
  testing::TemporaryFolder folder;
  testing::write_run(folder / "run", run);
  return read_run(folder / "run");
}

TEST(Finding, says_error_sureness_and_information_of_a_mixture) {
  EXPECT_EQ(finding(made({})),
            "Five experts, all in use: test error 9.87 %, the gate is sure (H_s 0.10 bits), and "
            "knowing the expert tells 2.20 of 2.32 bits of the class.");
}

TEST(Finding, says_when_experts_are_idle) {
  MadeUpRun run;
  run.idle = {3, 4};
  EXPECT_TRUE(finding(made(run)).starts_with("Five experts, three in use: "));
  run.idle = {1, 2, 3, 4};
  EXPECT_TRUE(finding(made(run)).starts_with("Five experts, only one in use: "));
}

TEST(Finding, of_one_expert_speaks_of_no_gate) {
  MadeUpRun run;
  run.experts = 1;
  EXPECT_EQ(finding(made(run)), "One expert alone: test error 9.87 %.");
}

TEST(Finding, of_regression_speaks_of_no_class) {
  MadeUpRun run;
  run.regression = true;
  run.error = 2.3141;
  EXPECT_EQ(finding(made(run)),
            "Five experts, all in use: root mean squared error 2.314 on the test set and the gate "
            "is sure (H_s 0.10 bits).");
}

TEST(Finding, of_an_unfinished_run_says_how_far_it_came) {
  MadeUpRun run;
  run.status = "running";
  run.epochs = 2;
  EXPECT_EQ(finding(made(run)),
            "Five experts, still in training after epoch 2: validation error 20.87 %.");
  run.validation = false;
  run.status = "interrupted";
  EXPECT_EQ(finding(made(run)), "Five experts, interrupted after epoch 2: training error 19.87 %.");
  run.epochs = 0;
  run.status = "failed";
  EXPECT_EQ(finding(made(run)), "Five experts, failed before the end of the first epoch.");
}

TEST(Finding, calls_a_gate_unsure_by_the_most_its_entropy_can_be) {
  RunRecord run = made({});
  run.summary->specialisation->sample_entropy = 1;
  EXPECT_NE(finding(run).find("is fairly sure"), std::string::npos);
  run.summary->specialisation->sample_entropy = 2;
  EXPECT_NE(finding(run).find("the gate hesitates"), std::string::npos);
  run.summary->specialisation->sample_entropy = NAN;
  EXPECT_EQ(finding(run).find("the gate"), std::string::npos);
}

TEST(ClassEntropy, of_even_classes_is_the_logarithm_of_their_number) {
  InspectionRecord inspection;
  inspection.class_by_expert = {{5, 5}, {10, 0}, {0, 10}, {3, 7}};
  EXPECT_DOUBLE_EQ(class_entropy(inspection), 2);
  inspection.class_by_expert = {{5, 5}, {0, 0}};
  EXPECT_DOUBLE_EQ(class_entropy(inspection), 0);
  inspection.class_by_expert.clear();
  EXPECT_TRUE(std::isnan(class_entropy(inspection)));
}

}  // namespace
}  // namespace moestro
