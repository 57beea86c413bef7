// Studies whose runs go through streams.
#include <cmath>

#include <ATen/Context.h>
#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "moestro/core/log.h"
#include "moestro/lifecycle/continual.h"
#include "moestro/study/analysis.h"
#include "moestro/study/run_study.h"
#include "study/rehearsal.h"
#include "study/stream_fixture.h"
#include "thrown.h"

namespace moestro {
namespace {

namespace fs = std::filesystem;
using testing::put;
using testing::thrown;

class StreamStudy : public ::testing::Test {
 protected:
  StreamStudy() {
    set_log_level(LogLevel::quiet);
    testing::put_stream(folder_.path(), folder_.path().string() + "/");
  }

  StudyPlan plan(const std::string& arms, const std::string& keys = {},
                 const std::vector<Assignment>& changes = {}) {
    put(folder_ / "s.toml",
        "[study]\nrecipe = \"stream.toml\"\nseeds = 2\nprimary = [\"b\", \"a\"]\n" + keys +
            "[study.arms]\n" + arms);
    return plan_study(folder_ / "s.toml", folder_ / "out", {.assignments = changes});
  }

  // The message without the file's name; nothing is trained.
  std::string refusal(const std::vector<Assignment>& changes = {}, const std::string& keys = {}) {
    const StudyPlan made = plan(kArms, keys, changes);
    const std::string message =
        thrown<UserError>([&] { rehearse(made, [](size_t) { return false; }, {}); });
    EXPECT_FALSE(fs::exists(folder_ / "out"));
    return message.starts_with(made.file.string()) ? message.substr(made.file.string().size())
                                                   : message;
  }

  // As the program would, but here.
  void learn(const PlannedRun& run) const {
    ContinualDocument document;
    document.schema.parse_text(run.recipe, "its recipe");
    run_stream(document, {.out = run.folder, .data_root = {}});
  }
  std::vector<StudyRow> rows(const StudyPlan& plan) const {
    return run_study(plan, {.out = folder_ / "out", .program = "/bin/false"});
  }

  const std::string kArms = "a = []\nb = [\"adapter.k=1\", \"adapter.freeze=1\"]\n";
  testing::TemporaryFolder folder_;
};

TEST_F(StreamStudy, has_rows_and_an_analysis_of_what_streams_measured) {
  const StudyPlan made = plan(kArms);
  for (const PlannedRun& run : made.runs) learn(run);
  const std::vector<StudyRow> rows = this->rows(made);
  ASSERT_EQ(rows.size(), 4u);
  for (const StudyRow& row : rows) {
    for (const std::string& metric : made.study.columns)
      EXPECT_FALSE(std::isnan(row.figure(metric))) << metric;
    for (const char* figure :
         {"known.average", "chosen_by_batch.balanced.forward_transfer",
          "untouched.balanced.average", "known.forgetting_from_first", "parameters", "merges"})
      EXPECT_FALSE(std::isnan(row.figure(figure))) << figure;
    EXPECT_EQ(row.figure("experts"), 5);
    EXPECT_EQ(row.figure("merges"), 2 * 3 * 2);  // tasks, merges of each, layers
  }
  // What the frozen encoder knows is nobody's choice.
  EXPECT_EQ(rows[0].figure("untouched.average"), rows[2].figure("untouched.average"));
  const Analysis analysis = analyse(made, rows);
  ASSERT_EQ(analysis.primary.size(), 1u);
  EXPECT_EQ(analysis.primary.front().paired.difference.count, 2);
  EXPECT_FALSE(analysis.lower_is_better);
}

TEST_F(StreamStudy, keeps_rows_apart_by_what_was_measured) {
  const StudyPlan made = plan(kArms, "metric = \"valid.known.average\"\n", {{"stream.rows=valid"}});
  for (const PlannedRun& run : made.runs) learn(run);
  for (const StudyRow& row : rows(made)) {
    EXPECT_FALSE(std::isnan(row.figure("valid.known.average")));
    for (const auto& [name, value] : row.figures) EXPECT_FALSE(of_test_rows(name)) << name;
  }
}

TEST_F(StreamStudy, notices_data_that_changed) {
  const std::string arms = "a = []\nb = [\"train.rate=0.1\"]\nfew = [\"stream.samples=4\"]\n";
  const StudyPlan made = plan(arms, {}, {{"study.seeds=1"}});
  for (const PlannedRun& run : made.runs) learn(run);
  EXPECT_EQ(rows(made).size(), 3u);  // others to train on are no others to be measured on
  fs::remove_all(made.runs[1].folder);
  put(folder_ / "second-test.tsv", "c c\tbad\nd d\tgood\n");
  learn(made.runs[1]);
  EXPECT_NE(thrown<UserError>([&] { rows(made); }).find("were measured on other rows: the data"),
            std::string::npos);
}

TEST_F(StreamStudy, rehearses_without_a_trace) {
  EXPECT_EQ(refusal(), "(nothing thrown)");
  EXPECT_EQ(refusal({{"stream.rows=valid"}}, "metric = \"valid.known.average\"\n"),
            "(nothing thrown)");
  EXPECT_EQ(refusal({{"stream.samples=1"}}), "(nothing thrown)");
}

// The encoder, a run or not, is the same for all.
TEST_F(StreamStudy, rehearses_one_seed) {
  StudyPlan made = plan(kArms);
  for (PlannedRun& run : made.runs) {
    run.elsewhere = {folder_ / "vit"};
    if (run.seed != made.study.first_seed) run.recipe = "no recipe";
  }
  EXPECT_NO_THROW(rehearse(made, [](size_t) { return false; }, {}));
}

TEST_F(StreamStudy, finds_what_is_missing_before_anything_is_trained) {
  EXPECT_TRUE(
      refusal({{"stream.encoder=gone"}}).starts_with(": arm \"a\": stream.encoder = \"gone\""));
  EXPECT_NE(refusal({{"stream.reference=gone.txt"}}).find("gone.txt"), std::string::npos);
  fs::remove(folder_ / "second-test.tsv");
  EXPECT_NE(refusal().find("second-test.tsv"), std::string::npos);
  fs::remove(folder_ / "second.toml");
  EXPECT_TRUE(refusal().starts_with(": arm \"a\": " + (folder_ / "second.toml").string()));
}

TEST_F(StreamStudy, finds_what_does_not_fit_before_anything_is_trained) {
  if (!at::hasCUDA()) {
    EXPECT_NE(refusal({{"train.device=cuda"}}).find("device \"cuda\" asked for"),
              std::string::npos);
  }
  std::string task = testing::get(folder_ / "second.toml");
  put(folder_ / "second.toml", task.replace(task.find("0.25"), 4, "0.0"));
  EXPECT_NE(refusal({{"stream.rows=valid"}}, "metric = \"valid.known.average\"\n")
                .find("no rows are held out"),
            std::string::npos);
  put(folder_ / "second.toml", task.replace(task.find("\"z y\""), 5, "\"X W V\""));
  EXPECT_NE(refusal().find("sees no difference between the prompts"), std::string::npos);
}

TEST_F(StreamStudy, finds_adapters_that_do_not_fit_before_anything_is_trained) {
  EXPECT_NE(refusal({{"adapter.shared_layers=3"}}).find("the blocks of the encoder"),
            std::string::npos);
}

}  // namespace
}  // namespace moestro
