// A small made-up task, and everything a trainer needs for it.
#pragma once

#include <csignal>
#include <filesystem>

#include <ATen/ATen.h>

#include "moestro/core/device.h"
#include "moestro/core/random.h"
#include "moestro/data/dataset.h"
#include "moestro/data/normaliser.h"
#include "moestro/train/evaluation.h"
#include "moestro/train/model.h"
#include "moestro/train/trainer.h"

namespace moestro::testing {

// Four clouds at the corners of a square; the class is whether the corner's signs agree.
inline Dataset corners(int64_t rows, uint64_t seed = 1) {
  const Tensor corner_N = at::arange(rows) % 4;
  const Tensor sign_N2 =
      at::stack({(corner_N % 2) * 2 - 1, (corner_N / 2).floor().to(at::kLong) * 2 - 1}, 1);
  Dataset data;
  data.name = "corners";
  data.inputs =
      sign_N2.to(at::kFloat) + uniform({seed, Stream::noise, "corners", 0}, {rows, 2}, -.8, .8);
  data.targets_N = (sign_N2.select(1, 0) == sign_N2.select(1, 1)).to(at::kLong);
  data.classes = 2;
  data.class_names = {"differ", "agree"};
  return data;
}

// A recipe for corners(): two experts of four units.
inline void set_toy(RecipeDocument& document, const std::vector<std::string>& more = {}) {
  for (const char* assignment : {"data.batch=32", "expert.count=2",
                                 "expert.layers=[\"linear 4\", \"relu\", \"linear classes\"]",
                                 "gate.layers=[\"linear 8\", \"relu\", \"linear experts\"]",
                                 "train.epochs=6", "train.rate=0.02", "train.threads=1"})
    document.schema.set(assignment);
  for (const std::string& assignment : more) document.schema.set(assignment);
}

// Ends the training from inside, after a step.
class StopAfter : public Hook {
 public:
  explicit StopAfter(int64_t step) : step_(step) {}
  void after_step(const StepReport& report) override {
    if (report.step == step_) std::raise(SIGINT);
  }

 private:
  int64_t step_;
};

// A training in a folder of its own, in the way a run does it.
class ToyTraining {
 public:
  ToyTraining(const std::filesystem::path& folder, const std::vector<std::string>& more = {},
              std::vector<Hook*> hooks = {}, const std::function<double()>& now = seconds_now)
      : data(corners(320)), valid(corners(128, 2)), normaliser(Normaliser::fit(data)) {
    set_toy(document, more);
    const Recipe& recipe = document.recipe;
    mixture =
        std::make_unique<Mixture>(build_mixture(document, {data.sample_shape(), data.classes}));
    device = resolve_device(recipe.train.device == "cuda" ? "cuda" : "cpu");
    convert(mixture->parameters(), mixture->buffers(), device);
    objective = std::make_unique<Objective>(recipe.loss, mixture->output());
    batches = std::make_unique<Batches>(
        data, normaliser, BatchOptions{.batch = recipe.data.batch, .seed = 0, .device = device});
    optimiser = std::make_unique<Optimiser>(mixture->parameters(), recipe.train);
    schedule =
        std::make_unique<Schedule>(recipe.train, recipe.train.epochs * batches->steps_per_epoch());
    checkpoints = std::make_unique<CheckpointStore>(folder, 2);
    trainer = std::make_unique<Trainer>(Trainer::Parts{.model = *mixture,
                                                       .objective = *objective,
                                                       .optimiser = *optimiser,
                                                       .schedule = *schedule,
                                                       .batches = *batches,
                                                       .checkpoints = *checkpoints,
                                                       .validate = [this] { return validate(); },
                                                       .hooks = std::move(hooks),
                                                       .target_deviation = 1,
                                                       .name = "toy",
                                                       .now = now,
                                                       .alike = steps_are_alike(recipe)},
                                        recipe.train);
  }

  Scores validate() const {
    return score(evaluate(*mixture, valid, normaliser, {.device = device}), valid.targets_N,
                 valid.classes);
  }

  RecipeDocument document;
  Dataset data, valid;
  Normaliser normaliser;
  c10::Device device = c10::kCPU;
  std::unique_ptr<Mixture> mixture;
  std::unique_ptr<Objective> objective;
  std::unique_ptr<Batches> batches;
  std::unique_ptr<Optimiser> optimiser;
  std::unique_ptr<Schedule> schedule;
  std::unique_ptr<CheckpointStore> checkpoints;
  std::unique_ptr<Trainer> trainer;
};

}  // namespace moestro::testing
