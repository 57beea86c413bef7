#include "moestro/report/run_record.h"

#include <cmath>

#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "report/run_fixture.h"
#include "store/expect_error.h"
#include "store/temporary_folder.h"

namespace moestro {
namespace {

using testing::MadeUpRun;
using testing::TemporaryFolder;

class RunRecordFiles : public ::testing::Test {
 protected:
  RunRecordFiles() { testing::write_run(run_); }

  std::string error() {
    return testing::message_of<UserError>([&] { read_run(run_); });
  }
  void expect_error(const std::string& file, const std::string& rest) {
    EXPECT_EQ(error(), (run_ / file).string() + rest);
  }
  void replace(const std::string& file, const std::string& from, const std::string& to) {
    std::string text = testing::get(run_ / file);
    const std::size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from << " is not in " << text;
    testing::put(run_ / file, text.replace(at, from.size(), to));
  }

  TemporaryFolder folder_;
  std::filesystem::path run_ = folder_ / "attentive";
};

TEST_F(RunRecordFiles, of_a_finished_run_are_read_whole) {
  const RunRecord run = read_run(run_);
  EXPECT_EQ(run.name, "attentive");
  EXPECT_EQ(run.manifest.status, RunStatus::finished);
  EXPECT_EQ(run.metrics.epochs.size(), 3u);
  EXPECT_EQ(run.metrics.steps.size(), 6u);
  EXPECT_EQ(run.metrics.steps.front().terms.at("importance"), .05);
  EXPECT_EQ(run.metrics.epochs.front().usage.size(), 5u);
  EXPECT_DOUBLE_EQ(run.summary->test.error, .0987);
  EXPECT_EQ(run.summary->specialisation->experts_used, 5);
  EXPECT_EQ(run.inspection->class_by_expert[0], (std::vector<int64_t>{90, 10, 0, 0, 0}));
  ASSERT_EQ(run.images.size(), 5u);
  EXPECT_EQ(run.images[1].sizes(), (Shape{2, 1, 4, 4}));
  EXPECT_EQ(run.experts(), 5);
  EXPECT_TRUE(run.has_classes());
}

TEST_F(RunRecordFiles, of_a_run_in_progress_are_read_as_far_as_they_are_there) {
  MadeUpRun made;
  made.status = "running";
  made.epochs = 0;
  testing::write_run(folder_ / "fresh", made);
  std::filesystem::remove(folder_ / "fresh" / "metrics.jsonl");
  const RunRecord run = read_run(folder_ / "fresh");
  EXPECT_FALSE(run.summary.has_value());
  EXPECT_FALSE(run.inspection.has_value());
  EXPECT_TRUE(run.metrics.steps.empty());
  EXPECT_EQ(run.experts(), 5);  // of the recipe
}

TEST_F(RunRecordFiles, say_whether_errors_are_shares) {
  MadeUpRun made;
  made.regression = true;
  testing::write_run(folder_ / "values", made);
  EXPECT_FALSE(read_run(folder_ / "values").has_classes());
  EXPECT_EQ(read_run(folder_ / "values").error_text(2.3141), "2.314");
  EXPECT_EQ(read_run(run_).error_text(.0987), "9.87 %");
  std::filesystem::remove(run_ / "inspection.json");
  EXPECT_TRUE(read_run(run_).has_classes());
}

TEST_F(RunRecordFiles, that_are_missing_are_named) {
  std::filesystem::remove(run_ / "summary.json");
  expect_error("summary.json", " is missing; a finished run has one");
  std::filesystem::remove(run_ / "manifest.json");
  expect_error("manifest.json", " is missing; the run ended before it began");
  std::filesystem::remove(run_ / "recipe.toml");
  EXPECT_TRUE(testing::contains(error(), "attentive is not a run folder"));
}

TEST_F(RunRecordFiles, that_are_cut_short_are_named) {
  testing::put(run_ / "summary.json", "{\"schema\": 1, \"te");
  EXPECT_TRUE(testing::starts_with(error(), (run_ / "summary.json").string() + ": not valid JSON"));
}

TEST_F(RunRecordFiles, of_the_wrong_type_are_named_with_the_key) {
  replace("summary.json", "768900", "\"many\"");
  expect_error("summary.json", ": key \"parameters\" holds string, expected an integer");
}

TEST_F(RunRecordFiles, of_a_list_instead_of_an_object_are_refused) {
  testing::put(run_ / "summary.json", "[]");
  expect_error("summary.json", ": array where an object was expected");
}

TEST_F(RunRecordFiles, of_a_later_schema_are_refused) {
  replace("inspection.json", "\"schema\":2", "\"schema\":4");
  EXPECT_TRUE(testing::contains(error(), "inspection.json: schema 4 is of a later version"));
}

TEST_F(RunRecordFiles, with_null_for_a_number_leave_it_unknown) {
  replace("summary.json", "0.0987", "null");
  EXPECT_TRUE(std::isnan(read_run(run_).summary->test.error));
  replace("metrics.jsonl", "\"rate\":0.001", "\"rate\":null");
  EXPECT_TRUE(std::isnan(read_run(run_).metrics.steps.front().rate));
}

TEST_F(RunRecordFiles, with_a_half_written_last_line_are_read_up_to_it) {
  testing::put(run_ / "metrics.jsonl", testing::get(run_ / "metrics.jsonl") + "{\"kind\": \"st");
  EXPECT_EQ(read_run(run_).metrics.steps.size(), 6u);
}

TEST_F(RunRecordFiles, with_records_of_a_kind_unknown_today_are_read) {
  testing::put(run_ / "metrics.jsonl", "{\"kind\":\"merge\",\"step\":1}\n");
  EXPECT_TRUE(read_run(run_).metrics.epochs.empty());
}

TEST_F(RunRecordFiles, whose_lengths_disagree_are_refused) {
  replace("inspection.json", "[90,10,0,0,0]", "[90,10]");
  expect_error("inspection.json", ": key \"class_by_expert\": row 0 is no list of 5 counts");
  testing::write_run(run_);
  replace("inspection.json", "\"usage\":[", "\"usage\":[0.5,");
  expect_error("inspection.json", ": key \"usage\" has 6 entries, expected 5");
  testing::write_run(run_);
  replace("inspection.json", "\"experts\":5", "\"experts\":0");
  expect_error("inspection.json", ": key \"experts\" is 0, expected 1 or more");
}

TEST_F(RunRecordFiles, with_a_label_that_is_no_class_are_refused) {
  replace("inspection.json", "\"label\":0.0", "\"label\":5");
  expect_error("inspection.json", ": key \"samples\": 5 is none of the 5 classes");
}

TEST_F(RunRecordFiles, with_negative_counts_are_refused) {
  replace("inspection.json", "[90,", "[-1,");
  expect_error("inspection.json", ": key \"class_by_expert\": row 0 holds -1, expected counts");
}

TEST_F(RunRecordFiles, whose_pictures_disagree_with_the_inspection_are_refused) {
  MadeUpRun made;
  made.experts = 4;
  testing::write_run(folder_ / "four", made);
  std::filesystem::copy_file(folder_ / "four" / "samples.safetensors", run_ / "samples.safetensors",
                             std::filesystem::copy_options::overwrite_existing);
  expect_error("samples.safetensors",
               ": tensor \"expert_4\" is missing; inspection.json speaks of its 2 samples");
  std::filesystem::remove(run_ / "samples.safetensors");
  EXPECT_TRUE(read_run(run_).images.empty());
}

TEST_F(RunRecordFiles, of_schema_2_say_who_would_have_been_right_and_who_is_typical) {
  const RunRecord run = read_run(run_);
  const InspectionRecord& inspection = *run.inspection;
  EXPECT_EQ(inspection.specialisation, std::vector<double>(5, .75));
  EXPECT_EQ(inspection.right[2], (std::vector<double>{.2, .2, .9, .2, .2}));
  EXPECT_EQ(inspection.mistaken_owner[0], std::vector<int64_t>(5, 3));
  EXPECT_EQ(inspection.oracle_accuracy, .955);
  EXPECT_EQ(inspection.rescuable_errors, .5);
  EXPECT_EQ(inspection.samples[1].most_typical.front().row, 17);
  EXPECT_EQ(inspection.samples[1].least_typical.front().row, 18);
  EXPECT_TRUE(inspection.samples[1].drawn.empty());
  EXPECT_EQ(inspection.map->expert, (std::vector<int64_t>{0, 4, 0, 4}));
  EXPECT_EQ(inspection.map->share_x, .25);
  EXPECT_EQ(run.owners->expert_N.size(0), 500);
  EXPECT_EQ(run.owners->experts, 5);
  EXPECT_EQ(run.owners->rows_digest, "r");
}

TEST_F(RunRecordFiles, say_what_each_expert_knows_alone) {
  const std::optional<ProbingRecord> probing = read_run(run_).inspection->probing;
  ASSERT_TRUE(probing);
  EXPECT_EQ(probing->own, std::vector<double>(5, .1));
  EXPECT_EQ(probing->routing_accuracy, .942);
  EXPECT_EQ(probing->partition, "");
  EXPECT_FALSE(read_run(run_).inspection->partition);
  replace("inspection.json", "\"own\":[0.1,", "\"own\":[");
  expect_error("inspection.json", ": probing: key \"own\" has 4 entries, expected 5");
  testing::write_run(run_);
  replace("inspection.json", "\"others\":", "\"other\":");
  expect_error("inspection.json", ": probing: key \"others\" is missing");
}

TEST_F(RunRecordFiles, whose_owners_disagree_with_the_inspection_are_refused) {
  replace("inspection.json", "\"rows\":500", "\"rows\":499");
  expect_error("owners.safetensors",
               ": 500 rows of 5 experts; inspection.json speaks of 499 rows of 5 experts");
}

TEST_F(RunRecordFiles, of_schema_1_are_read_with_what_they_have) {
  MadeUpRun made;
  made.schema = 1;
  testing::write_run(folder_ / "old", made);
  const RunRecord run = read_run(folder_ / "old");
  EXPECT_EQ(run.inspection->samples[1].drawn.size(), 2u);
  EXPECT_TRUE(run.inspection->samples[1].most_typical.empty());
  EXPECT_TRUE(run.inspection->right.empty());
  EXPECT_TRUE(std::isnan(run.inspection->oracle_accuracy));
  EXPECT_FALSE(run.inspection->map.has_value());
  EXPECT_FALSE(run.owners.has_value());
  EXPECT_EQ(run.images[1].sizes(), (Shape{2, 1, 4, 4}));
}

TEST_F(RunRecordFiles, whose_matrices_are_not_square_are_refused) {
  replace("inspection.json", "\"right\":[[0.9,", "\"right\":[[");
  expect_error("inspection.json", ": key \"right\": row 0 is no list of 5 numbers");
  testing::write_run(run_);
  replace("inspection.json", "\"mistaken_owner\":[[3,", "\"mistaken_owner\":[[");
  expect_error("inspection.json", ": key \"mistaken_owner\": row 0 is no list of 5 counts");
}

TEST_F(RunRecordFiles, whose_map_shows_no_expert_is_refused) {
  replace("inspection.json", "\"expert\":[0,4,", "\"expert\":[0,5,");
  expect_error("inspection.json", ": key \"map\": 5 is none of the 5 experts");
  testing::write_run(run_);
  replace("inspection.json", "\"x\":[-1.5,", "\"x\":[");
  expect_error("inspection.json",
               ": key \"map\" has 3 x, 4 y and 4 experts, expected as many of each");
}

}  // namespace
}  // namespace moestro
