#include "moestro/report/student_record.h"

#include <cmath>

#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "moestro/report/run_record.h"
#include "report/run_fixture.h"
#include "report/student_fixture.h"
#include "store/expect_error.h"
#include "store/temporary_folder.h"

namespace moestro {
namespace {

using nlohmann::json;

std::string error_of(const json& student) {
  return testing::message_of<UserError>([&] { student_record(student, "summary.json"); });
}

TEST(StudentRecord, of_chosen_units_is_read_whole) {
  testing::TemporaryFolder folder;
  testing::write_student_run(folder / "run");
  const RunRecord run = read_run(folder / "run");
  ASSERT_TRUE(run.summary->student.has_value());
  const StudentRecord& student = *run.summary->student;
  EXPECT_EQ(student.teacher, "runs/<mix>");
  EXPECT_EQ(student.teacher_parameters, 1537800);
  EXPECT_EQ(student.gather, "topk");
  EXPECT_FALSE(student.aligned);
  EXPECT_TRUE(student.is_held_out());
  EXPECT_DOUBLE_EQ(student.mixture.error, .0921);
  EXPECT_DOUBLE_EQ(student.folded.error, .4321);
  ASSERT_EQ(student.layers.size(), 2u);
  EXPECT_EQ(student.layers[1].layer, "encoder.3");
  EXPECT_EQ(student.layers[1].hidden.front().units, (std::vector<int64_t>{24, 24, 24, 24}));
  EXPECT_EQ(student.layers[1].hidden.front().strength, std::vector<double>(4, .28));
  EXPECT_DOUBLE_EQ(student.layers[1].residual, .125);
  EXPECT_EQ(student.experts(), 4);
}

TEST(StudentRecord, of_singular_directions_has_matrices_and_alignment) {
  const StudentRecord student =
      student_record(testing::student_json({.gather = "svd", .layers = 0}), "x");
  EXPECT_TRUE(student.aligned);
  ASSERT_EQ(student.layers.size(), 1u);
  EXPECT_EQ(student.layers[0].alignment.size(), 2u);
  EXPECT_DOUBLE_EQ(student.layers[0].alignment[1].bound, .375);
  EXPECT_EQ(student.layers[0].matrices[1].tensor, "down.weight");
  EXPECT_EQ(student.layers[0].matrices[1].rank, (std::vector<int64_t>{12, 12, 12, 12}));
  EXPECT_EQ(student.experts(), 4);
}

TEST(StudentRecord, without_layers_knows_no_number_of_experts) {
  const StudentRecord student = student_record(testing::student_json({.gather = "none"}), "x");
  EXPECT_TRUE(student.layers.empty());
  EXPECT_EQ(student.experts(), 0);
  EXPECT_TRUE(std::isnan(student_record(json::object(), "x").folded.error));
}

TEST(StudentRecord, of_another_run_is_not_there) {
  testing::TemporaryFolder folder;
  testing::write_run(folder / "run");
  EXPECT_FALSE(read_run(folder / "run").summary->student.has_value());
}

TEST(StudentRecord, that_is_damaged_is_refused_with_the_key) {
  EXPECT_EQ(error_of("folded"), "summary.json: student: string where an object was expected");
  json student = testing::student_json({});
  student["aligned"] = 1;
  EXPECT_EQ(error_of(student),
            "summary.json: student: key \"aligned\" holds number, expected true or false");
  student = testing::student_json({});
  student["layers"][1]["hidden"][0]["units"][2] = -1;
  EXPECT_EQ(error_of(student),
            "summary.json: student: layer 1: hidden: key \"units\" holds -1, expected counts");
  student = testing::student_json({});
  student["layers"][0]["hidden"][0]["strength"] = {.5};
  EXPECT_EQ(error_of(student),
            "summary.json: student: layer 0: hidden: key \"strength\" has 1 entries, expected 4");
  student = testing::student_json({});
  student["layers"][0]["hidden"][0].erase("strength");
  EXPECT_EQ(error_of(student),
            "summary.json: student: layer 0: hidden: key \"strength\" is missing");
  student = testing::student_json({.gather = "svd"});
  student["layers"][0]["matrices"][1]["rank"] = {12, 12};
  EXPECT_EQ(error_of(student),
            "summary.json: student: layer 0: matrices: key \"rank\" has 2 entries, expected 4");
  student["layers"] = "none";
  EXPECT_EQ(error_of(student),
            "summary.json: student: key \"layers\" holds string, expected a list");
}

}  // namespace
}  // namespace moestro
