#include "moestro/report/inspection_text.h"

#include <sstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "moestro/report/escape.h"
#include "report/student_fixture.h"
#include "store/temporary_folder.h"

namespace moestro {
namespace {

InspectionRecord experts(int64_t count) {
  const auto size = static_cast<std::size_t>(count);
  InspectionRecord inspection;
  inspection.experts = count;
  inspection.classes = {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal"};
  inspection.class_by_expert.assign(6, std::vector<int64_t>(size, 0));
  for (auto& row : inspection.class_by_expert) row[0] = 1000;
  inspection.usage = inspection.importance = inspection.specialisation = inspection.accuracy =
      inspection.own_accuracy = std::vector<double>(size, 1);
  inspection.right.assign(size, std::vector<double>(size, 1));
  inspection.owns.resize(size);
  inspection.owns[0] = inspection.classes;
  inspection.mixture_accuracy = inspection.owner_accuracy = inspection.oracle_accuracy =
      inspection.rescuable_errors = 1;
  return inspection;
}

TEST(InspectionText, fits_a_terminal_of_eighty_columns) {
  for (int64_t count : {1, 2, 5, 12, 40}) {
    for (Rules rules : {Rules::none, Rules::lines}) {
      std::istringstream lines(inspection_text(experts(count), rules));
      for (std::string line; std::getline(lines, line);) EXPECT_LE(display_width(line), 80) << line;
    }
  }
}

TEST(InspectionText, explains_the_columns_that_it_has) {
  const std::string text = inspection_text(experts(5), Rules::none);
  for (const char* part : {"What each expert learned", "mass:", "index:", "by their owner",
                           "Who would have been right", "a right expert wherever there is one"})
    EXPECT_NE(text.find(part), std::string::npos) << part;
}

TEST(InspectionText, of_regression_speaks_of_no_classes) {
  InspectionRecord inspection;
  inspection.experts = 2;
  inspection.usage = inspection.importance = {.4, .6};
  inspection.accuracy = inspection.own_accuracy = {2, 3};
  EXPECT_EQ(inspection_text(inspection, Rules::none),
            "What each expert learned\n"
            "expert  samples    mass  error on own  on all\n"
            "     0   40.0 %  40.0 %             2       2\n"
            "     1   60.0 %  60.0 %             3       3\n"
            "samples: share of those whose most probable expert it is (it owns them);\n"
            "mass: mean probability of the gate.\n");
}

TEST(InspectionText, of_one_expert_is_its_accuracy) {
  const std::string text = inspection_text(experts(1), Rules::none);
  EXPECT_NE(text.find("right on own"), std::string::npos);
  EXPECT_EQ(text.find("mass"), std::string::npos);
  EXPECT_EQ(text.find("who answers"), std::string::npos);
}

TEST(InspectionText, of_a_dense_transformer_is_how_it_does) {
  testing::TemporaryFolder folder;
  testing::write_student_run(folder / "run");
  const InspectionRecord inspection = inspection_record({{"schema", 3},
                                                         {"set", "test"},
                                                         {"rows", 1200},
                                                         {"layers", nlohmann::json::array()},
                                                         {"model_loss", .31},
                                                         {"model_error", .0987}},
                                                        "x");
  EXPECT_EQ(dense_text(inspection, read_run(folder / "run")),
            "No mixture layers, hence no experts. On the 1,200 rows of test: error 9.87 %,\n"
            "loss 0.31.\n");
}

}  // namespace
}  // namespace moestro
