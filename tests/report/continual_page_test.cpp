// Pages and texts of a run through a stream of tasks, from a made-up folder.
#include "moestro/report/continual_page.h"

#include <regex>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "moestro/core/error.h"
#include "moestro/report/continual_text.h"
#include "moestro/report/write_report.h"
#include "moestro/store/file.h"
#include "moestro/store/manifest.h"
#include "report/page_parts.h"
#include "report/well_formed.h"
#include "store/expect_error.h"
#include "store/temporary_folder.h"
#include "thrown.h"

namespace moestro {
namespace {

using testing::contains;
using testing::has;
using testing::put;
using testing::TemporaryFolder;
using testing::thrown;
using testing::xml_fault;

constexpr const char* kWay =
    R"({"accuracy": {"matrix": [[0.5, 0.6], [0.9, 0.6], [0.85, null]],
        "transfer": {"mean": 0.6}, "average": {"mean": 0.8125}, "last": {"mean": 0.87},
        "backward_transfer": {"mean": -0.05}, "forward_transfer": {"mean": 0.0},
        "forgetting_from_first": {"mean": 0.05}, "forgetting_from_best": {"mean": null}},
        "balanced_accuracy": {"matrix": [[0.5, 0.6], [0.8, 0.6], [0.75, null]],
        "average": {"mean": 0.7}, "last": {"mean": null}}})";

struct StreamFolder {
  StreamFolder() {
    put(folder / "recipe.toml", "[stream]\nencoder = \"e\"\n");
    write_manifest(folder / "manifest.json", {.version = "0.1.0",
                                              .seed = 3,
                                              .device = "cpu (x)",
                                              .threads = 1,
                                              .data_digest = "d",
                                              .started = "2026-01-02T03:04:05Z",
                                              .finished = "2026-01-02T03:05:05Z",
                                              .status = RunStatus::finished});
  }

  void finish() const {
    const std::string way = kWay;
    put(folder / "summary.json",
        R"({"device": "cpu", "parameters": 12345, "seconds": 61.0,
            "continual": {"tasks": ["a<b", "second"], "rows": "test",
            "experts": [5, 7], "frozen": [2, 4], "merges": 2, "known": )" +
            way + R"(, "chosen": )" + way + R"(, "chosen_by_batch": )" + way + "}}");
    const std::vector<MergeEntry> merges = {
        {.task = 0,
         .layer = 0,
         .step = 5,
         .i = 1,
         .j = 2,
         .k = 4,
         .cosine = .5,
         .later_share = .25},
        {.task = 1, .layer = 1, .step = 10, .i = 0, .j = 3, .k = 2}};
    put(folder / "merges.json", to_json(merges).dump());
  }

  TemporaryFolder folder;
};

TEST(ContinualPage, shows_the_matrix_the_measures_and_when_experts_were_merged) {
  const StreamFolder run;
  run.finish();
  const std::string page = continual_page(read_continual(run.folder.path()));
  EXPECT_EQ(xml_fault(page), "");
  EXPECT_TRUE(has(page, "Two tasks, 2 merges: at the end 87.0\u00A0% of the test rows right"));
  EXPECT_TRUE(has(page, "(5.0 points forgotten since a task was learned)"));
  EXPECT_TRUE(has(page, "second, after a&lt;b: 60.0 %"));
  EXPECT_TRUE(has(
      page, "mean over j of the mean over i &gt;= 1 of A[i][j]</small></th><td>81.2 (70.0)</td>"));
  EXPECT_TRUE(has(page, "less A[T][j]</small></th><td>– (–)</td>"));
  EXPECT_TRUE(has(page, "task 1 a&lt;b, step 5, layer 0: 1 and 2 into 4; cosine 0.50 before"));
  EXPECT_TRUE(has(page, "task 2 second, step 10, layer 1: 0 and 3 into 2; cosine – before"));
  EXPECT_FALSE(std::regex_search(page, std::regex("[^a-z](nan|inf)[^a-z]")));
}

TEST(ContinualPage, before_the_end_shows_what_there_is) {
  const StreamFolder run;
  const ContinualRecord record = read_continual(run.folder.path());
  const std::string page = continual_page(record);
  EXPECT_EQ(xml_fault(page), "");
  EXPECT_TRUE(has(page, "The stream is not at its end yet."));
  EXPECT_EQ(continual_text(record, Rules::none), "");
}

TEST(ContinualPage, is_what_report_writes_for_such_a_folder) {
  const StreamFolder run;
  run.finish();
  EXPECT_EQ(write_report(run.folder.path()), run.folder / "report.html");
  EXPECT_TRUE(has(read_file(run.folder / "report.html"), "What it knew after each task"));
}

TEST(ContinualText, gives_every_measure_its_formula) {
  const StreamFolder run;
  run.finish();
  const std::string text = continual_text(read_continual(run.folder.path()), Rules::none);
  EXPECT_TRUE(has(text, "mean over j of A[T][j]"));
  EXPECT_TRUE(has(text, "81.2 (70.0)"));
  EXPECT_TRUE(has(text, "87.0 (–)"));
  EXPECT_TRUE(has(text, "2 second"));
  EXPECT_TRUE(has(text, "2 merges in 2 layers"));
}

TEST(ContinualRecord, of_a_damaged_file_names_it) {
  const StreamFolder run;
  run.finish();
  put(run.folder / "merges.json", R"([{"task": 0}])");
  EXPECT_TRUE(
      contains(thrown<UserError>([&] { read_continual(run.folder.path()); }), "merges.json: "));
}

TEST(ContinualRecord, of_a_matrix_that_does_not_fit_its_tasks_names_the_file) {
  const StreamFolder run;
  run.finish();
  const std::string summary = read_file(run.folder / "summary.json"), two = "[\"a<b\", \"second\"]";
  for (const char* tasks : {"[\"a\"]", "[\"a\", \"b\", \"c\"]", "[]"}) {
    std::string other = summary;
    put(run.folder / "summary.json", other.replace(other.find(two), two.size(), tasks));
    EXPECT_TRUE(
        contains(thrown<UserError>([&] { read_continual(run.folder.path()); }), "summary.json: "))
        << tasks;
  }
}

TEST(ContinualPage, of_a_fine_tuned_encoder_has_no_experts) {
  const StreamFolder run;
  run.finish();
  std::string summary = read_file(run.folder / "summary.json");
  const std::string experts = R"("experts": [5, 7], "frozen": [2, 4])";
  summary.replace(summary.find(experts), experts.size(), R"("experts": [], "frozen": [])");
  EXPECT_TRUE(
      has(continual_page(read_continual(run.folder.path())), "5 to 7, of these frozen 2 to 4"));
  put(run.folder / "summary.json", summary);
  EXPECT_FALSE(has(continual_page(read_continual(run.folder.path())), "Experts a layer"));
}

}  // namespace
}  // namespace moestro
