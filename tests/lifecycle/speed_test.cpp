#include "moestro/lifecycle/speed_of_runs.h"

#include "cuda_device.h"
#include "lifecycle/text_fixture.h"
#include "moestro/core/error.h"
#include "moestro/data/answers.h"
#include "moestro/lifecycle/trained_run.h"
#include "store/expect_error.h"
#include "thrown.h"

namespace moestro::testing {
namespace {

constexpr SpeedOptions kShort{.calls = 4, .least_calls = 2, .seconds = .01, .largest = 64};
constexpr int64_t kFloat = 4;

using SpeedOfTexts = ReviewsTest;
using SpeedOfTranslations = PairsTest;

void expect_figures(const Speed& speed) {
  EXPECT_GT(speed.parameters, 0);
  EXPECT_GT(speed.cost.operations, 0);
  EXPECT_GT(speed.cost.weights, 0);
  EXPECT_LE(speed.cost.weights, static_cast<double>(speed.parameters));
  EXPECT_GT(speed.latency_lower, 0);
  EXPECT_LE(speed.latency_lower, speed.latency);
  EXPECT_LE(speed.latency, speed.latency_upper);
  EXPECT_GE(speed.samples_a_second, 1000 / speed.latency * (1 - 1e-9));
  EXPECT_TRUE(speed.batch == 1 || speed.batch == 8 || speed.batch == 64) << speed.batch;
  EXPECT_GT(speed.memory, kFloat * speed.parameters);
  EXPECT_GE(speed.batch_memory, speed.memory);
}

class SpeedTest : public RunTest {
 protected:
  // A run "run" or of another name, and what measure_speed() says of it.
  std::filesystem::path made(const std::string& name, const Settings& settings = {}) {
    run_ = folder_ / name;
    train(joined({"train.epochs=1"}, settings));
    return run_;
  }
  static Settings joined(Settings settings, const Settings& more) {
    settings.insert(settings.end(), more.begin(), more.end());
    return settings;
  }
  static Speed speed_of(const std::filesystem::path& folder, const SpeedOptions& options = kShort) {
    const TrainedRun run(folder);
    return measure_speed(run.responder(), run.rows("", "", Targets::required), options);
  }
  static std::string refused(const std::filesystem::path& run, const std::filesystem::path& other) {
    return thrown<UserError>([&] {
      speeds_of_runs({.run = run.string(), .beside = other.string(), .options = kShort});
    });
  }
};

TEST_F(SpeedTest, of_every_kind_of_gate_has_all_figures) {
  for (const char* kind : {"softmax", "switch", "attentive"})
    expect_figures(speed_of(made(kind, {fmt::format("gate.kind={}", kind)})));
  expect_figures(speed_of(made("classes", {"gate.kind=classes", "gate.layers=", "loss.importance=",
                                           "gate.classes=[\"0\", \"1\"]"})));
}

TEST_F(SpeedTest, of_the_larger_model_is_more_work_and_memory) {
  const Speed small = speed_of(made("small"));
  const Speed large = speed_of(made("large", {"expert.count=8"}));
  EXPECT_GT(large.parameters, small.parameters);
  EXPECT_GT(large.cost.operations, small.cost.operations);
  EXPECT_GT(large.cost.weights, small.cost.weights);
  EXPECT_GT(large.memory, small.memory);
}

TEST_F(SpeedTest, of_a_sparse_gate_reads_fewer_weights_than_there_are) {
  const Speed dense = speed_of(made("dense", {"expert.count=4"}));
  const Speed sparse = speed_of(made("sparse", {"expert.count=4", "gate.kind=switch"}));
  EXPECT_EQ(sparse.parameters, dense.parameters);
  EXPECT_EQ(dense.cost.weights, static_cast<double>(dense.parameters));
  EXPECT_LT(sparse.cost.weights, dense.cost.weights);
}

TEST_F(SpeedTest, without_larger_batches_is_the_speed_of_one_sample) {
  SpeedOptions one = kShort;
  one.largest = 1;
  const Speed speed = speed_of(made("run"), one);
  EXPECT_EQ(speed.batch, 1);
  EXPECT_DOUBLE_EQ(speed.samples_a_second * speed.latency, 1000);
  EXPECT_EQ(speed.batch_memory, speed.memory);
}

TEST_F(SpeedTest, does_not_try_a_batch_that_would_take_too_long) {
  SpeedOptions impatient = kShort;
  impatient.slowest_call = 0;
  EXPECT_EQ(speed_of(made("run"), impatient).batch, 1);
}

TEST_F(SpeedTest, needs_no_labels) {
  const std::filesystem::path run = made("run");
  put(folder_ / "new.csv", "x,y,colour\n1,1,red\n-1,1,green\n");
  const SpeedsOfRuns speeds = speeds_of_runs(
      {.run = run.string(), .data = (folder_ / "new.csv").string(), .options = kShort});
  EXPECT_EQ(speeds.rows, 2);
  expect_figures(speeds.runs.at(0).speed);
}

TEST_F(SpeedTest, beside_another_run_is_in_the_order_of_the_runs) {
  const std::string small = made("small"), large = made("large", {"expert.count=8"});
  const nlohmann::json json =
      speeds_of_runs({.run = large, .beside = small, .options = kShort}).to_json();
  EXPECT_EQ(json["rows"], 60);
  EXPECT_TRUE(json["device"].get<std::string>().starts_with("cpu ("));
  ASSERT_EQ(json["runs"].size(), 2u);
  const nlohmann::json &first = json["runs"][0], &second = json["runs"][1];
  EXPECT_EQ(first["run"], large);
  EXPECT_EQ(second["run"], small);
  for (const char* key : {"parameters", "operations", "weights"}) {
    const double ratio = first[key].get<double>() / second[key].get<double>();
    EXPECT_GT(ratio, 1) << key;
    EXPECT_DOUBLE_EQ(json["ratio"][key].get<double>(), ratio) << key;
  }
  EXPECT_DOUBLE_EQ(
      json["ratio"]["latency"].get<double>(),
      first["latency_ms"]["median"].get<double>() / second["latency_ms"]["median"].get<double>());
  EXPECT_GT(json["ratio"]["throughput"], 0);
  for (const auto& [key, by] : {std::pair("latency", "weights"), {"throughput", "operations"}}) {
    const nlohmann::json& bound = json["bound"][key];
    EXPECT_EQ(bound["faster"], small);
    EXPECT_DOUBLE_EQ(bound["allowed"].get<double>(), json["ratio"][by].get<double>());
    EXPECT_GT(bound["reached"], 0);
  }
}

TEST_F(SpeedTest, on_cuda_has_all_figures_of_both_runs) {
  if (!has_cuda()) GTEST_SKIP() << "no CUDA device";
  const std::string small = made("small"), large = made("large", {"expert.count=8"});
  const SpeedsOfRuns speeds =
      speeds_of_runs({.run = large, .beside = small, .device = "cuda", .options = kShort});
  EXPECT_TRUE(speeds.device.starts_with("cuda ("));
  for (const RunSpeed& run : speeds.runs) expect_figures(run.speed);
}

TEST_F(SpeedTest, of_one_run_has_no_ratios) {
  const nlohmann::json json =
      speeds_of_runs({.run = made("run").string(), .options = kShort}).to_json();
  EXPECT_EQ(json["runs"].size(), 1u);
  EXPECT_EQ(json["runs"][0]["precision"], "float32");
  EXPECT_FALSE(json.contains("ratio") || json.contains("bound"));
}

TEST_F(SpeedTest, beside_a_run_on_other_samples_or_classes_is_refused) {
  put_images(folder_ / "two", "train", 40, 8, 2);
  put_images(folder_ / "two", "t10k", 10, 8, 2);
  put_images(folder_ / "three", "train", 40, 8, 3);
  put_images(folder_ / "three", "t10k", 10, 8, 3);
  const auto table = made("table"), two = made("images", image_settings(folder_ / "two")),
             three = made("more", image_settings(folder_ / "three"));
  EXPECT_EQ(refused(table, two), two.string() + ": trained on samples of 1x8x8; expected 4");
  EXPECT_EQ(refused(two, three), three.string() + ": answers with 3 classes; expected 2");
  EXPECT_TRUE(contains(refused(table, folder_ / "none"), "none"));
}

TEST(SpeedBound, is_what_less_work_allows) {
  Speed large, small;
  large.cost = {.operations = 30, .weights = 10};
  small.cost = {.operations = 10, .weights = 2};
  large.latency = 4, small.latency = 1;
  large.samples_a_second = 100, small.samples_a_second = 150;
  const SpeedBound latency = latency_bound(large, small), other = latency_bound(small, large);
  EXPECT_EQ(latency.faster, 1u);
  EXPECT_EQ(other.faster, 0u);
  for (const SpeedBound& bound : {latency, other}) {
    EXPECT_DOUBLE_EQ(bound.allowed, 5);
    EXPECT_DOUBLE_EQ(bound.measured, 4);
    EXPECT_DOUBLE_EQ(bound.reached(), .8);
  }
  const SpeedBound throughput = throughput_bound(large, small);
  EXPECT_EQ(throughput.faster, 1u);
  EXPECT_DOUBLE_EQ(throughput.allowed, 3);
  EXPECT_DOUBLE_EQ(throughput.measured, 1.5);
}

TEST_F(SpeedOfTexts, have_the_mean_cost_of_their_lengths) {
  train({"train.epochs=1"});
  const TrainedRun run(run_);
  const Dataset rows = run.rows("", "", Targets::required);
  const Speed speed = measure_speed(run.responder(), rows, kShort);
  expect_figures(speed);
  Cost sum;
  const Tensor lengths_N = rows.lengths_N();
  for (int64_t n = 0; n < rows.rows(); ++n) sum += run.model().cost(lengths_N[n].item<int64_t>());
  const auto count = static_cast<double>(rows.rows());
  EXPECT_NEAR(speed.cost.operations, sum.operations / count, 1e-6 * speed.cost.operations);
  EXPECT_NEAR(speed.cost.weights, sum.weights / count, 1e-6 * speed.cost.weights);
}

TEST_F(SpeedOfTexts, in_other_word_pieces_are_refused) {
  train({"train.epochs=1"});
  const std::string first = run_.string();
  run_ = folder_ / "other";
  train({"train.epochs=1", "data.vocabulary=60"});
  EXPECT_EQ(thrown<UserError>([&] {
              speeds_of_runs({.run = first, .beside = run_.string(), .options = kShort});
            }),
            run_.string() + ": reads other word pieces; expected those of the other run");
}

TEST_F(SpeedOfTranslations, is_of_pairs_of_their_mean_length) {
  train({"train.epochs=1"});
  const TrainedRun run(run_);
  const Speed speed = speeds_of_runs({.run = run_.string(), .options = kShort}).runs.front().speed;
  expect_figures(speed);
  const Dataset pairs = run.rows("", "", Targets::required);
  const Tensor tokens_N = lengths(pairs.inputs) + lengths(pairs.targets_N) + 1;
  Cost sum;
  for (int64_t n = 0; n < pairs.rows(); ++n)
    sum += run.model().cost(tokens_N[n].item<int64_t>() / 2);
  const auto count = static_cast<double>(pairs.rows());
  EXPECT_NEAR(speed.cost.operations, sum.operations / count, 1e-6 * speed.cost.operations);
}

TEST_F(SpeedOfTranslations, needs_the_translations) {
  train({"train.epochs=1"});
  const std::string message = thrown<UserError>([&] {
    speeds_of_runs(
        {.run = run_.string(), .data = (folder_ / "test.aa").string(), .options = kShort});
  });
  EXPECT_TRUE(contains(message, "test.aa.aa: no such file")) << message;
}

}  // namespace
}  // namespace moestro::testing
