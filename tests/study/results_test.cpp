#include "moestro/study/results.h"

#include <cmath>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "moestro/lifecycle/owners.h"
#include "store/temporary_folder.h"
#include "study/analysis_fixture.h"
#include "thrown.h"

namespace moestro {
namespace {

using testing::put;
using testing::row;
using testing::TemporaryFolder;
using testing::thrown;

TEST(StudyResults, come_back_from_a_file_as_they_were) {
  const TemporaryFolder folder;
  std::vector<StudyRow> rows = {row("one, \"two\"", 0, .1), row("b", 1, 1. / 3)};
  rows[1].figures.emplace_back("hard_top1_error", .25);
  write_rows(folder / "r.csv", rows);
  const std::vector<StudyRow> read = read_rows(folder / "r.csv");
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(read[0].arm, rows[0].arm);
  EXPECT_EQ(read[0].device, rows[0].device);
  EXPECT_EQ(read[1].figure("test.error"), 1. / 3);
  EXPECT_TRUE(std::isnan(read[0].figure("hard_top1_error")));
  EXPECT_EQ(read[1].figure("hard_top1_error"), .25);
}

TEST(StudyResults, refuse_other_files) {
  const TemporaryFolder folder;
  put(folder / "a.csv", "x,y\n1,2\n");
  EXPECT_NE(thrown<UserError>([&] { read_rows(folder / "a.csv"); }).find("not the results"),
            std::string::npos);
  put(folder / "b.csv", "arm,seed,e,device,date,version\na,0,oops,d,d,v\n");
  EXPECT_NE(thrown<UserError>([&] {
              read_rows(folder / "b.csv");
            }).find("b.csv:2: column \"e\": \"oops\"; expected a number"),
            std::string::npos);
  put(folder / "d.csv", "arm,seed,e,device,date,version\na,1.5,1,d,d,v\n");
  EXPECT_NE(thrown<UserError>([&] {
              read_rows(folder / "d.csv");
            }).find("\"1.5\"; expected a whole number"),
            std::string::npos);
  put(folder / "c.csv", "arm,seed,e,device,date,version\na,0\n");
  EXPECT_NE(thrown<UserError>([&] { read_rows(folder / "c.csv"); }).find("c.csv:2: "),
            std::string::npos);
}

TEST(StudyResults, say_how_far_the_seeds_of_an_arm_split_alike) {
  const TemporaryFolder folder;
  const auto inspected = [&](int64_t seed, const Tensor& expert_N, const std::string& digest) {
    StudyRow made = row("a", seed, .1);
    made.run = folder / std::to_string(seed);
    std::filesystem::create_directory(made.run);
    write_owners(made.run / "owners.safetensors", {expert_N, 2, digest}, "test");
    return made;
  };
  const Tensor split = at::tensor({0, 0, 1, 1}, at::kLong);
  std::vector<StudyRow> rows = {
      inspected(0, split, "d"), inspected(1, 1 - split, "d"), row("a", 2, .1),
      inspected(3, at::tensor({0, 0, 0, 0}, at::kLong), "d"), inspected(4, split, "other rows")};
  compare_splits({&rows[0], &rows[1], &rows[2], &rows[3], &rows[4]});
  EXPECT_NEAR(rows[0].figure("split_agreement"), .5, 1e-12);  // 1 with seed 1, 0 with seed 3
  EXPECT_NEAR(rows[1].figure("split_agreement"), .5, 1e-12);
  EXPECT_TRUE(std::isnan(rows[2].figure("split_agreement")));
  EXPECT_NEAR(rows[3].figure("split_agreement"), 0, 1e-12);
  EXPECT_TRUE(std::isnan(rows[4].figure("split_agreement")));
}

}  // namespace
}  // namespace moestro
