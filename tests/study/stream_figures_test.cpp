#include "study/stream_figures.h"

#include <algorithm>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "moestro/study/config.h"

namespace moestro {
namespace {

using Json = nlohmann::ordered_json;

// As store and lifecycle write it; the flattened paths as a study gathers them.
constexpr const char* kSummary = R"({"parameters": 7, "continual": {"rows": "test",
  "known": {"accuracy": {"matrix": [[0.5, 0.7], [0.9, 0.7], [0.8, 0.9]],
                         "average": {"mean": 0.825, "tasks": [0.85, 0.8]},
                         "transfer": {"mean": null, "tasks": [null, null]}},
            "balanced_accuracy": {"matrix": [[0.2, 0.4], [0, 0], [0, 0]],
                                  "average": {"mean": 0.75}}},
  "experts": [5, 7], "frozen": [4, 2], "merges": 12}})";

Figures gathered() {
  return {{"parameters", 7},
          {"continual.known.accuracy.average.mean", .825},
          {"continual.known.balanced_accuracy.average.mean", .75},
          {"continual.merges", 12}};
}

double at(const Figures& figures, const std::string& name) {
  const auto found =
      std::ranges::find(figures, name, [](const auto& entry) { return entry.first; });
  return found == figures.end() ? -1 : found->second;
}

TEST(StreamFigures, have_short_names) {
  Figures figures = gathered();
  shorten_stream_figures(Json::parse(kSummary), figures);
  EXPECT_EQ(figures.size(), 8u);
  EXPECT_EQ(at(figures, "parameters"), 7);
  EXPECT_EQ(at(figures, "known.average"), .825);
  EXPECT_EQ(at(figures, "known.balanced.average"), .75);
  EXPECT_EQ(at(figures, "merges"), 12);
  EXPECT_DOUBLE_EQ(at(figures, "untouched.average"), .6);  // before any task was learned
  EXPECT_DOUBLE_EQ(at(figures, "untouched.balanced.average"), .3);
  EXPECT_EQ(at(figures, "experts"), 6);  // of a layer
  EXPECT_EQ(at(figures, "frozen"), 3);
}

TEST(StreamFigures, of_validation_rows_say_so) {
  Json summary = Json::parse(kSummary);
  summary["continual"]["rows"] = "valid";
  Figures figures = gathered();
  shorten_stream_figures(summary, figures);
  EXPECT_EQ(at(figures, "valid.known.average"), .825);
  EXPECT_DOUBLE_EQ(at(figures, "valid.untouched.average"), .6);
  EXPECT_EQ(at(figures, "merges"), 12);
  EXPECT_EQ(at(figures, "experts"), 6);
  for (const auto& [name, value] : figures) EXPECT_FALSE(of_test_rows(name)) << name;
}

TEST(StreamFigures, need_nothing_of_a_summary) {
  Figures figures;
  shorten_stream_figures(Json::parse(R"({"continual": {"known": {"accuracy": {"matrix": []}}}})"),
                         figures);
  EXPECT_TRUE(figures.empty());
}

TEST(StreamFigures, can_be_compared_by_every_name_that_is_documented) {
  const std::vector<std::string> metrics = stream_metrics();
  for (const char* name : {"known.average",
                           "known.transfer",
                           "known.last",
                           "known.backward_transfer",
                           "known.forward_transfer",
                           "known.forgetting_from_first",
                           "known.forgetting_from_best",
                           "chosen.average",
                           "chosen_by_batch.balanced.last",
                           "untouched.average",
                           "untouched.balanced.average",
                           "valid.known.average",
                           "valid.untouched.average",
                           "experts",
                           "frozen",
                           "merges",
                           "merge_cosine",
                           "merge_later_share",
                           "parameters",
                           "seconds"})
    EXPECT_EQ(std::ranges::count(metrics, name), 1) << name;
}

TEST(StreamFigures, know_which_way_they_are_good) {
  for (const char* name : {"known.forgetting_from_best",
                           "valid.chosen.balanced.forgetting_from_first", "seconds", "parameters"})
    EXPECT_EQ(lower_is_better_of_stream(name), true) << name;
  for (const char* name :
       {"known.average", "valid.known.last", "chosen.backward_transfer", "untouched.average"})
    EXPECT_EQ(lower_is_better_of_stream(name), false) << name;
  for (const char* name : {"experts", "frozen", "merges"})
    EXPECT_EQ(lower_is_better_of_stream(name), std::nullopt) << name;
}

}  // namespace
}  // namespace moestro
