// Studies of streams: `moestro study` on recipes of `moestro continual`.
#include <chrono>
#include <csignal>
#include <thread>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/study_fixture.h"
#include "study/stream_fixture.h"

namespace moestro::testing {
namespace {

namespace fs = std::filesystem;

class StreamStudyTest : public StudyTest {
 protected:
  StreamStudyTest() {
    put_stream(folder_.path(), "");
    put(folder_ / "study.toml", R"([study]
recipe = "stream.toml"
seeds = 2
primary = ["merging", "plain"]
[study.arms]
plain = ["merge.every=0", "merge.first=", "merge.last="]
merging = []
)");
  }

  bool exists(const std::string& path) const { return fs::exists(folder_ / path); }
};

TEST_F(StreamStudyTest, trains_every_arm_and_compares_them) {
  const Outcome outcome = study({"--jobs", "2", "--json"});
  ASSERT_TRUE(succeeds(outcome));
  const nlohmann::json json = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(json["finished"], 4);
  EXPECT_EQ(json["metric"], "known.average");
  EXPECT_EQ(json["lower_is_better"], false);
  EXPECT_EQ(json["arms"][1]["known.average"]["by_seed"].size(), 2u);
  EXPECT_EQ(json["primary"]["seeds"], 2);
  EXPECT_NE(outcome.err.find("known.average "), std::string::npos) << outcome.err;
  EXPECT_TRUE(exists("runs/study/report.html"));
  EXPECT_TRUE(exists("runs/study/runs/merging-1/report.html"));
  // What is there is not trained again, and its tables can be printed from the file alone.
  const std::string stored = get(folder_ / "runs/study/results.csv");
  ASSERT_TRUE(succeeds(study({"--quiet"})));
  EXPECT_EQ(get(folder_ / "runs/study/results.csv"), stored);
  const Outcome tables = study({"--results", "runs/study/results.csv", "--markdown"});
  EXPECT_NE(tables.out.find("| arm | seeds | known.average |"), std::string::npos) << tables.out;
  EXPECT_TRUE(fails(study({"--set", "stream.scale=10"}), 2, {"has another recipe"}));
}

TEST_F(StreamStudyTest, goes_on_where_it_was_stopped) {
  const Words longer = {"--seeds", "1", "--set", "stream.steps=400", "--quiet"};
  const auto with = [&](const Words& more) {
    Words words = longer;
    words.insert(words.end(), more.begin(), more.end());
    return words;
  };
  ASSERT_TRUE(succeeds(study(with({"--out", "peace"}))));
  Words words = {"study", "study.toml"};
  words.insert(words.end(), longer.begin(), longer.end());
  Program program(words, options());
  const fs::path metrics = folder_ / "runs/study/runs/merging-0/metrics.jsonl";
  std::error_code none;
  for (int i = 0; i < 6000 && (!fs::exists(metrics, none) || fs::file_size(metrics, none) == 0);
       ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  program.send(SIGINT);
  const Outcome stopped = program.wait();
  EXPECT_EQ(stopped.exit_code, 130) << stopped.err;
  EXPECT_NE(get(folder_ / "runs/study/runs/merging-0/manifest.json").find("interrupted"),
            std::string::npos);
  ASSERT_TRUE(succeeds(study(longer)));
  EXPECT_EQ(results_without_times("runs/study"), results_without_times("peace"));
}

TEST_F(StreamStudyTest, what_is_wrong_is_found_before_the_first_run) {
  EXPECT_TRUE(fails(study({"--set", "stream.encoder=gone"}), 2,
                    {"study.toml: arm \"plain\": stream.encoder = \"gone\""}));
  EXPECT_TRUE(
      fails(study({"--set", "stream.steps=5"}), 2, {"arm \"merging\": ", "merge.last = 9"}));
  fs::remove(folder_ / "second.toml");
  EXPECT_TRUE(fails(study(), 2, {"study.toml: arm \"plain\": ", "second.toml"}));
  EXPECT_FALSE(exists("runs/study/runs"));
}

TEST_F(StreamStudyTest, quick_is_short_and_lies_apart) {
  ASSERT_TRUE(succeeds(study({"--quick"})));
  EXPECT_FALSE(exists("runs/study"));
  for (const char* run : {"plain-1", "merging-1"})
    EXPECT_NE(get(folder_ / "runs/study-quick/runs" / run / "recipe.toml").find("steps = 6\n"),
              std::string::npos);
  EXPECT_EQ(get(folder_ / "runs/study-quick/runs/plain-0/merges.json").find("cosine"),
            std::string::npos);
  EXPECT_NE(get(folder_ / "runs/study-quick/runs/merging-0/merges.json").find("cosine"),
            std::string::npos);
}

TEST_F(StreamStudyTest, keeps_validation_rows_under_their_own_name) {
  EXPECT_TRUE(fails(study({"--quick", "--set", "study.metric=valid.known.average"}), 2,
                    {"valid.known.average needs rows that are held out"}));
  ASSERT_TRUE(succeeds(study(
      {"--quick", "--set", "study.metric=valid.known.average", "--set", "stream.rows=valid"})));
  const std::string csv = get(folder_ / "runs/study-quick/results.csv");
  EXPECT_NE(csv.find(",valid.known.average,"), std::string::npos) << csv;
  EXPECT_EQ(csv.find(",known."), std::string::npos) << csv;
  EXPECT_EQ(csv.find(",untouched."), std::string::npos) << csv;
}

TEST_F(StreamStudyTest, compute_flags_are_those_of_each_run) {
  put(folder_ / "study.toml", get(folder_ / "study.toml") + "[train]\nthreads = 2\n");
  ASSERT_TRUE(succeeds(study({"--quick", "--seeds", "1", "--threads", "1", "--device", "cpu"})));
  EXPECT_NE(get(folder_ / "runs/study-quick/runs/plain-0/manifest.json").find("\"threads\": 1"),
            std::string::npos);
  EXPECT_TRUE(fails(study({"--device", "tpu"}), 2, {"--device: train.device = \"tpu\""}));
}

TEST_F(StreamStudyTest, data_may_lie_elsewhere) {
  for (const char* task : {"first", "second"}) {
    std::string text = get(folder_ / (std::string(task) + ".toml"));
    text = text.substr(0, text.find("[data]")) + "[data]\nname = \"cr\"\n";
    put(folder_ / (std::string(task) + ".toml"), text);
  }
  EXPECT_TRUE(fails(study({"--data-root", "nowhere"}), 2, {"arm \"plain\": ", "nowhere"}));
}

}  // namespace
}  // namespace moestro::testing
