#include "moestro/train/trainer.h"

#include <cmath>

#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "moestro/core/device.h"
#include "moestro/core/error.h"
#include "moestro/core/interrupt.h"
#include "moestro/core/log.h"
#include "moestro/train/checkpoint.h"
#include "store/temporary_folder.h"
#include "thrown.h"
#include "train/toy.h"

namespace moestro {
namespace {

using testing::StopAfter;
using testing::TemporaryFolder;
using testing::thrown;
using testing::ToyTraining;

class TrainerTest : public ::testing::Test {
 protected:
  TrainerTest() {
    set_log_level(LogLevel::quiet);
    set_threads(1);  // tiny work: more threads only wait for each other
  }
  TemporaryFolder folder;
};

NamedTensors weights(const ToyTraining& toy) {
  NamedTensors copies;
  for (const auto& [name, tensor] : model_tensors(*toy.mixture))
    copies.emplace_back(name, tensor.detach().clone());
  return copies;
}

void expect_equal(const NamedTensors& a, const NamedTensors& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i)
    EXPECT_TRUE(at::equal(a[i].second, b[i].second)) << a[i].first;
}

class Epochs : public Hook {
 public:
  void on_epoch_end(const EpochReport& report) override { reports.push_back(report); }
  std::vector<EpochReport> reports;
};

TEST_F(TrainerTest, learns_what_no_single_line_can_separate) {
  ToyTraining toy(folder.path() / "c", {"train.epochs=20"});
  toy.trainer->run();
  EXPECT_LT(toy.validate().error, .02);
  EXPECT_TRUE(toy.trainer->state().finished);
  EXPECT_EQ(toy.trainer->state().step, 200);
}

TEST_F(TrainerTest, reports_each_epoch_with_the_scores_of_all_its_samples) {
  Epochs epochs;
  ToyTraining toy(folder.path() / "c", {}, {&epochs});
  toy.trainer->run();
  ASSERT_EQ(epochs.reports.size(), 6u);
  EXPECT_EQ(epochs.reports.back().epoch, 6);
  EXPECT_EQ(epochs.reports.back().step, 60);
  EXPECT_LT(epochs.reports.back().train.loss, epochs.reports.front().train.loss);
  EXPECT_EQ(epochs.reports.back().valid->error, toy.validate().error);
}

TEST_F(TrainerTest, a_stopped_and_resumed_training_ends_in_the_same_weights_to_the_bit) {
  for (const std::string schedule : {"constant", "one_cycle"}) {
    const std::string key = "train.schedule=" + schedule;
    ToyTraining whole(folder.path() / (schedule + "-whole"), {key});
    whole.trainer->run();
    for (const int64_t step : {1, 10, 23, 59}) {
      const std::filesystem::path place = folder.path() / fmt::format("{}-{}", schedule, step);
      {
        const InterruptHandlers handlers;
        StopAfter stop(step);
        ToyTraining stopped(place, {key}, {&stop});
        EXPECT_EQ(thrown<Interrupted>([&] { stopped.trainer->run(); }),
                  fmt::format("stopped after step {}; --resume goes on", step));
      }
      const InterruptHandlers handlers;
      ToyTraining resumed(place, {key});
      const Checkpoint checkpoint = resumed.checkpoints->latest().value();
      EXPECT_EQ(checkpoint.step, step);
      resumed.trainer->resume(checkpoint);
      resumed.trainer->run();
      expect_equal(weights(whole), weights(resumed));
      EXPECT_EQ(whole.trainer->state().best_loss, resumed.trainer->state().best_loss);
    }
  }
}

// A clock that moves where a checkpoint is written and where an epoch ends, and nowhere else.
class SlowSaving : public Hook {
 public:
  void before_save() override {
    ++saved;
    now += 1;
  }
  void on_epoch_end(const EpochReport&) override { now += 3; }
  int saved = 0;
  double now = 0;
};

// Of six epochs of three seconds each, with a second for each checkpoint.
TEST_F(TrainerTest, epochs_go_without_a_checkpoint_where_writing_takes_over_a_tenth_of_the_time) {
  SlowSaving slow;
  ToyTraining toy(folder.path() / "c", {}, {&slow}, [&] { return slow.now; });
  toy.trainer->run();
  EXPECT_EQ(slow.saved, 3);  // after the first, eleven seconds and more later, after the last
  EXPECT_EQ(toy.checkpoints->latest().value().step, 60);
  SlowSaving best;
  ToyTraining patient(folder.path() / "p", {"train.patience=6", "data.validation=.1"}, {&best},
                      [&] { return best.now; });
  patient.trainer->run();
  EXPECT_EQ(best.saved, 6);  // any may be the best
}

TEST_F(TrainerTest, says_step_and_term_of_a_loss_that_is_not_finite_and_saves_what_was_there) {
  ToyTraining toy(folder.path() / "c", {"loss.z_loss=0.1"});
  {
    const at::NoGradGuard no_grad;
    Tensor bias = toy.mixture->parameters().back().value;
    ASSERT_TRUE(toy.mixture->parameters().back().name.starts_with("gate."));
    bias.fill_(1e30);  // squared: infinite in float32
  }
  const std::string message = thrown<SystemError>([&] { toy.trainer->run(); });
  EXPECT_NE(message.find("step 1: the loss is not finite (term \"z_loss\")"), std::string::npos)
      << message;
  EXPECT_EQ(toy.checkpoints->latest().value().step, 0);
}

TEST_F(TrainerTest, stops_when_validation_no_longer_improves) {
  // Labels of validation rows at random: its loss soon only rises.
  ToyTraining toy(folder.path() / "c", {"train.epochs=200", "train.patience=2", "train.rate=0.05"});
  toy.valid.targets_N = 1 - toy.valid.targets_N;
  toy.trainer->run();
  EXPECT_LT(toy.trainer->state().epoch, 200);
  EXPECT_EQ(toy.trainer->state().epoch, toy.trainer->state().best_epoch + 2);
  EXPECT_EQ(toy.checkpoints->best().value().step, toy.trainer->state().best_step);
}

TEST_F(TrainerTest, without_validation_the_best_checkpoint_is_the_last) {
  ToyTraining toy(folder.path() / "c", {"train.epochs=3"});
  Trainer trainer({.model = *toy.mixture,
                   .objective = *toy.objective,
                   .optimiser = *toy.optimiser,
                   .schedule = *toy.schedule,
                   .batches = *toy.batches,
                   .checkpoints = *toy.checkpoints,
                   .validate = [] { return std::optional<Scores>(); },
                   .hooks = {},
                   .target_deviation = 1,
                   .name = "toy"},
                  toy.document.recipe.train);
  trainer.run();
  EXPECT_EQ(toy.checkpoints->best().value().step, 30);
}

TEST_F(TrainerTest, a_checkpoint_of_another_model_is_refused) {
  ToyTraining small(folder.path() / "c");
  small.trainer->run();
  ToyTraining large(folder.path() / "d", {"expert.count=3"});
  const std::string message =
      thrown<UserError>([&] { large.trainer->resume(small.checkpoints->latest().value()); });
  EXPECT_NE(message.find("not a checkpoint of this model: experts.0.weight is 2x2x4, expected "
                         "3x2x4"),
            std::string::npos)
      << message;
}

TEST_F(TrainerTest, a_frozen_expert_stays_as_it_was_while_the_others_learn) {
  ToyTraining toy(folder.path() / "c", {"train.weight_decay=0.1"});
  toy.mixture->bank().freeze(1);
  const NamedTensors before = weights(toy);
  toy.trainer->run();
  const NamedTensors after = weights(toy);
  for (size_t i = 0; i < before.size(); ++i) {
    if (!before[i].first.starts_with("experts.")) continue;
    EXPECT_TRUE(at::equal(before[i].second[1], after[i].second[1])) << before[i].first;
    EXPECT_FALSE(at::equal(before[i].second[0], after[i].second[0])) << before[i].first;
  }
}

TEST_F(TrainerTest, bf16_products_learn_with_every_gate_and_keep_float32_weights) {
  for (const char* kind : {"softmax", "noisy_topk", "switch", "attentive", "sigmoid"}) {
    ToyTraining toy(folder.path() / kind,
                    {"train.epochs=20", "train.precision=bf16", std::string("gate.kind=") + kind});
    toy.trainer->run();
    EXPECT_LT(toy.validate().error, .1) << kind;
    for (const auto& [name, tensor] : model_tensors(*toy.mixture))
      EXPECT_EQ(tensor.scalar_type(), at::kFloat) << name;
  }
}

TEST_F(TrainerTest, a_gradient_that_is_not_finite_never_reaches_the_weights) {
  ToyTraining toy(folder.path() / "c");
  const Tensor weight = toy.mixture->parameters().front().value;
  weight.register_hook([](const Tensor& gradient) { return gradient * INFINITY; });
  const std::string message = thrown<SystemError>([&] { toy.trainer->run(); });
  EXPECT_NE(message.find("step 1: the gradient is not finite; the checkpoint of step 0 is kept"),
            std::string::npos)
      << message;
  const Checkpoint kept = toy.checkpoints->latest().value();
  for (const std::string& name : kept.file.names())
    EXPECT_TRUE(kept.file.tensor(name).isfinite().all().item<bool>()) << name;
}

}  // namespace
}  // namespace moestro
