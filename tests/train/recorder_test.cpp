#include "moestro/train/recorder.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/stderr_capture.h"
#include "store/temporary_folder.h"
#include "train/toy.h"

namespace moestro {
namespace {

using testing::TemporaryFolder;
using testing::ToyTraining;

class RecorderTest : public ::testing::Test {
 protected:
  RecorderTest()
      : metrics(folder.path() / "metrics.jsonl", -1),
        events(folder.path()),
        recorder(metrics, events, {{"mixture", 2}}, c10::kCPU) {}

  std::vector<nlohmann::json> records() const {
    return read_metrics(folder.path() / "metrics.jsonl");
  }

  TemporaryFolder folder;
  MetricsLog metrics;
  EventFile events;
  Recorder recorder;
};

TEST_F(RecorderTest, writes_a_line_each_fifty_steps_and_each_epoch) {
  ToyTraining toy(folder.path() / "c", {"loss.importance=0.1"}, {&recorder});
  toy.trainer->run();
  const std::vector<nlohmann::json> lines = records();
  ASSERT_EQ(lines.size(), 7u);  // 6 epochs of 10 steps, and step 50
  EXPECT_EQ(lines[4]["kind"], "step");
  EXPECT_EQ(lines[4]["step"], 50);
  EXPECT_NEAR(lines[4]["loss"].get<double>(),
              lines[4]["terms"]["expectation"].get<double>() +
                  .1 * lines[4]["terms"]["importance"].get<double>(),
              1e-6);
  EXPECT_EQ(lines.back()["kind"], "epoch");
  EXPECT_TRUE(lines.back()["valid"].contains("error"));
}

TEST_F(RecorderTest, usage_of_an_epoch_counts_every_sample_once) {
  ToyTraining toy(folder.path() / "c", {}, {&recorder});
  toy.trainer->run();
  for (const nlohmann::json& line : records()) {
    if (line["kind"] != "epoch") continue;
    EXPECT_NEAR(line["usage"][0].get<double>() + line["usage"][1].get<double>(), 1, 1e-9);
    EXPECT_LE(line["sample_entropy"].get<double>(), line["usage_entropy"].get<double>() + 1e-9);
    EXPECT_LE(line["usage_entropy"].get<double>(), 1 + 1e-9);
  }
}

TEST_F(RecorderTest, warns_once_of_a_saturated_gate) {
  MixtureTrace trace;
  trace.layer = "mixture";
  trace.routing.scores_BE = at::tensor({80., -80.}, at::kFloat).view({1, 2});
  trace.routing.probs_BE = trace.routing.scores_BE.softmax(1);
  const std::vector<MixtureTrace> traces = {trace};
  LossTerms loss{at::zeros({}), {{"expectation", at::zeros({}), 1}}};
  testing::StderrCapture capture;
  recorder.after_step({50, 1, .1, at::ones({}), loss, traces});
  recorder.after_step({100, 1, .1, at::ones({}), loss, traces});
  const std::string text = capture.text();
  EXPECT_NE(text.find("warning: step 50: the gate is saturated"), std::string::npos) << text;
  EXPECT_EQ(text.find("step 100"), std::string::npos) << text;
}

}  // namespace
}  // namespace moestro
