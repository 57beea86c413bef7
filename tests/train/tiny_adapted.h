// The tiny BERT of tests/reference with adapters beside its two blocks, and a way to train them.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "gradient_check.h"
#include "moestro/data/token_ids.h"
#include "moestro/store/hugging_face.h"
#include "moestro/train/adapted_encoder.h"
#include "moestro/train/optimiser.h"
#include "moestro/train/pretrained_encoder.h"
#include "test_paths.h"

namespace moestro::testing {

inline std::filesystem::path tiny_bert() {
  return std::filesystem::path(kSourceDir) / "tests" / "reference" / "tiny_bert";
}

inline std::shared_ptr<const PretrainedEncoder> pretrained(c10::ScalarType precision = at::kFloat) {
  return std::make_shared<PretrainedEncoder>(HuggingFaceFolder(tiny_bert()), at::kCPU, precision);
}

struct Texts {
  Tensor ids_N;
  Packing rows;
};

inline Texts texts(const std::vector<int64_t>& which = {}) {
  const TokenIds all = read_token_ids(tiny_bert() / "ids.safetensors", 40, 12);
  const TokenBatch batch =
      select_texts(all, which.empty() ? at::arange(all.texts()) : at::tensor(which, at::kLong));
  return {batch.ids_N, Packing(batch.lengths_B, at::kCPU)};
}

inline AdapterShape small_adapters(int64_t experts = 4) {
  return {.experts = experts, .hidden = 8, .scale = 1, .shared = 1};
}

inline AdaptedEncoder adapted(int64_t tasks = 1, c10::ScalarType precision = at::kFloat,
                              int64_t experts = 4) {
  AdaptedEncoder model(pretrained(precision), small_adapters(experts), 5);
  for (int64_t t = 0; t < tasks; ++t) model.add_task();
  return model;
}

// Adapters that have learned something.
inline void fill(const AdaptedEncoder& model) {
  uint64_t seed = 0;
  for (const Parameter& parameter : model.parameters())
    parameter.value.detach().copy_(normal(parameter.value.sizes().vec(), ++seed) * .3);
}

inline std::map<std::string, Tensor> values(const AdaptedEncoder& model) {
  std::map<std::string, Tensor> all;
  for (const Parameter& parameter : model.parameters())
    all[parameter.name] = parameter.value.detach().clone();
  return all;
}

inline TrainConfig adamw() {
  TrainConfig config;
  config.optimiser = "adamw";
  config.weight_decay = .1;
  return config;
}

struct TrainedStep {
  double loss;
  std::vector<MixtureTrace> traces;
};

// One step towards other vectors.
inline TrainedStep train_step(const AdaptedEncoder& model, int64_t task, Optimiser& optimiser,
                              uint64_t step = 0) {
  const at::AutoGradMode gradients(true);
  const Texts batch = texts();
  optimiser.zero_gradients();
  const AdaptedOutput output =
      model.forward(batch.ids_N, batch.rows, task, {.training = true, .seed = 4, .step = step});
  const Tensor goal_BD = normal(output.unit_BD.sizes().vec(), 9).to(at::kFloat);
  const Tensor loss = 1 - at::cosine_similarity(output.unit_BD, goal_BD).mean();
  loss.backward();
  optimiser.step(.02);
  return {loss.item<double>(), output.traces};
}

}  // namespace moestro::testing
