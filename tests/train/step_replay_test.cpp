#include "moestro/train/step_replay.h"

#include <fstream>

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cuda_device.h"
#include "moestro/core/error.h"
#include "moestro/core/interrupt.h"
#include "moestro/core/log.h"
#include "moestro/train/checkpoint.h"
#include "moestro/train/recorder.h"
#include "store/temporary_folder.h"
#include "train/toy.h"

namespace moestro::testing {
namespace {

Batch batch_of(int64_t rows, double value, c10::Device device = c10::kCPU) {
  const Tensor inputs = at::full({rows, 2}, value, at::TensorOptions().device(device));
  return {inputs, inputs.select(1, 0).to(at::kLong), at::arange(rows, inputs.options())};
}

// Adds up what it is given, on the device, and counts how often it is asked on the host.
struct Sums {
  explicit Sums(c10::Device device) : total(at::zeros({}, at::TensorOptions().device(device))) {}
  StepOutcome operator()(const Batch& batch) {
    ++computed;
    total += batch.inputs.sum() + batch.targets_N.sum();
    return {{}, {}, batch.inputs.mean()};
  }
  Tensor total;
  int computed = 0;
};

TEST(StepReplay, computes_every_step_where_none_is_replayed) {
  Sums sums(c10::kCPU);
  StepReplay steps(std::ref(sums), false);
  for (int i = 1; i <= 6; ++i) EXPECT_EQ(steps(batch_of(2, i)).gradient_norm.item<double>(), i);
  EXPECT_EQ(sums.computed, 6);
  EXPECT_FALSE(steps.captured());
  EXPECT_EQ(sums.total.item<double>(), 6 * 21);
}

TEST(StepReplayOnCuda, replays_what_it_has_seen_three_times_and_computes_other_shapes) {
  if (!has_cuda()) GTEST_SKIP() << "no CUDA device";
  const OwnStream stream(c10::kCUDA);
  Sums sums(c10::kCUDA);
  StepReplay steps(std::ref(sums), true);
  double expected = 0;
  const auto step = [&](int64_t rows, double value) {
    expected += 3 * static_cast<double>(rows) * value;
    EXPECT_EQ(steps(batch_of(rows, value, c10::kCUDA)).gradient_norm.item<double>(), value);
    EXPECT_EQ(sums.total.item<double>(), expected);
  };
  for (const int64_t rows : {3, 2, 2, 2}) step(rows, 1);
  EXPECT_FALSE(steps.captured());
  for (int value = 1; value <= 4; ++value) step(2, value);
  EXPECT_TRUE(steps.captured());
  EXPECT_EQ(sums.computed, 5);  // the fifth was written down only, and replayed four times
  step(3, 7);
  EXPECT_EQ(sums.computed, 6);
  step(2, 8);
  EXPECT_EQ(sums.computed, 6);
}

struct Trained {
  NamedTensors weights;
  nlohmann::json epochs;  // what was recorded of them
  TrainState state;
  bool replayed;
};

nlohmann::json epochs_of(const std::filesystem::path& metrics) {
  nlohmann::json epochs;
  std::ifstream lines(metrics);
  for (std::string line; std::getline(lines, line);) {
    const nlohmann::json record = nlohmann::json::parse(line);
    if (record["kind"] == "epoch") epochs.push_back(record);
  }
  return epochs;
}

Trained train_on_cuda(const TemporaryFolder& folder, std::vector<std::string> settings) {
  set_log_level(LogLevel::quiet);
  const std::filesystem::path place = folder.path() / settings.back();
  std::filesystem::create_directories(place);
  MetricsLog metrics(place / "metrics.jsonl", -1);
  EventFile events(place, 0);
  Recorder recorder(metrics, events, {{"mixture", 2}}, c10::kCUDA);
  // 320 rows: ten batches of 31 and one of 10.
  settings.insert(settings.begin(), {"train.device=cuda", "data.batch=31"});
  ToyTraining toy(place / "checkpoints", settings, {&recorder});
  toy.trainer->run();
  return {model_tensors(*toy.mixture), epochs_of(place / "metrics.jsonl"), toy.trainer->state(),
          toy.trainer->replays()};
}

void expect_close(const NamedTensors& a, const NamedTensors& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i)
    EXPECT_TRUE(at::allclose(a[i].second, b[i].second, 1e-3, 1e-4)) << a[i].first;
}

// Losses, errors, usage and entropies: a hook that a replay left out would show.
void expect_close(const nlohmann::json& a, const nlohmann::json& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t epoch = 0; epoch < a.size(); ++epoch) {
    const nlohmann::json ours = a[epoch].flatten(), theirs = b[epoch].flatten();
    for (const auto& [name, value] : ours.items()) {
      if (name == "/kind" || name == "/seconds") continue;
      EXPECT_NEAR(value.get<double>(), theirs.at(name).get<double>(), 2e-2) << name;
    }
  }
}

TEST(StepReplayOnCuda, a_replayed_training_is_the_computed_one) {
  if (!has_cuda()) GTEST_SKIP() << "no CUDA device";
  const std::vector<std::vector<std::string>> cases = {
      {"loss.importance=.2", "loss.z_loss=.01"},
      {"gate.kind=attentive", "gate.normalise=true", "train.clip=1", "train.schedule=one_cycle"},
      {"loss.similarity_same=.1", "loss.similarity_different=.1"},
      {"loss.gate_correctness=.5", "train.gate_rate=.5"},
      {"loss.kind=stochastic", "train.optimiser=sgd", "train.momentum=.9"},
      {"expert.layers=[\"linear 4\", \"batchnorm\", \"relu\", \"linear classes\"]",
       "train.weight_decay=.01", "train.precision=bf16"}};
  for (const std::vector<std::string>& settings : cases) {
    const TemporaryFolder folder;
    const auto with = [&](const std::string& capture) {
      std::vector<std::string> all = settings;
      all.push_back(capture);
      return train_on_cuda(folder, all);
    };
    const Trained replayed = with("train.capture=true"), computed = with("train.capture=false");
    EXPECT_TRUE(replayed.replayed) << settings.front();
    EXPECT_FALSE(computed.replayed);
    expect_close(replayed.weights, computed.weights);
    expect_close(replayed.epochs, computed.epochs);
    ASSERT_EQ(replayed.epochs.size(), 6u);
    EXPECT_GT(replayed.epochs.back()["usage_entropy"], 0);
    EXPECT_EQ(replayed.state.step, computed.state.step);
  }
}

TEST(StepReplayOnCuda, a_stopped_training_goes_on_among_replayed_steps) {
  if (!has_cuda()) GTEST_SKIP() << "no CUDA device";
  set_log_level(LogLevel::quiet);
  const TemporaryFolder folder;
  const std::vector<std::string> settings = {"train.device=cuda", "data.batch=31",
                                             "train.schedule=one_cycle"};
  ToyTraining whole(folder.path() / "whole", settings);
  whole.trainer->run();
  for (const int64_t step : {2, 15, 22, 40}) {
    const std::filesystem::path place = folder.path() / std::to_string(step);
    const InterruptHandlers handlers;
    StopAfter stop(step);
    ToyTraining stopped(place, settings, {&stop});
    EXPECT_THROW(stopped.trainer->run(), Interrupted);
    const InterruptHandlers again;
    ToyTraining resumed(place, settings);
    resumed.trainer->resume(resumed.checkpoints->latest().value());
    resumed.trainer->run();
    EXPECT_EQ(resumed.trainer->state().step, whole.trainer->state().step);
    expect_close(model_tensors(*resumed.mixture), model_tensors(*whole.mixture));
  }
}

TEST(StepReplayOnCuda, steps_that_differ_are_computed) {
  if (!has_cuda()) GTEST_SKIP() << "no CUDA device";
  const TemporaryFolder folder;
  EXPECT_FALSE(train_on_cuda(folder, {"gate.kind=switch"}).replayed);
}

}  // namespace
}  // namespace moestro::testing
