// Merging beside the tiny adapted encoder, told what the gates have chosen.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "moestro/train/expert_merging.h"
#include "tiny_adapted.h"

namespace moestro::testing {

using Choices = std::vector<std::vector<int64_t>>;

// In the first layer 3, 2, 0 and 1 choices of experts 0 to 3: 0 and 1 over 2; in the second layer
// 0, 1, 2, 3: 3 and 2 over 0.
inline const Choices kFirst = {{0, 1}, {0, 1}, {0, 3}}, kSecond = {{3, 2}, {3, 2}, {3, 1}};

inline MixtureTrace trace_of(const Choices& choices, int64_t experts = 4) {
  std::vector<Tensor> rows;
  for (const std::vector<int64_t>& row : choices) rows.push_back(at::tensor(row, at::kLong));
  MixtureTrace trace;
  trace.layer = "adapters.0";
  trace.routing.experts_BK = at::stack(rows);
  trace.routing.probs_BE = at::zeros({std::ssize(choices), experts});
  return trace;
}

// Merges after the steps first, first + every, ... of 1 to last.
inline MergeConfig merging_at(int64_t first, int64_t last, int64_t every = 1) {
  MergeConfig config;
  config.first = first;
  config.last = last;
  config.every = every;
  return config;
}

// A model that has learned something, and its merging, told what was chosen.
struct Merged {
  explicit Merged(const MergeConfig& config, uint64_t seed = 3, int64_t experts = 4)
      : model(adapted(2, at::kFloat, experts)),
        optimiser(model.parameters(), adamw()),
        merging(model, config, seed) {
    fill(model);
    merging.begin_task(0, optimiser);
  }

  void after_step(int64_t step, const std::vector<MixtureTrace>& traces) {
    const LossTerms none;
    merging.after_step({step, 1, 0, {}, none, traces});
  }
  void after_step(int64_t step, const Choices& first = kFirst, const Choices& second = kSecond) {
    after_step(step, {trace_of(first), trace_of(second)});
  }

  std::vector<int64_t> steps() const {
    std::vector<int64_t> all;
    for (const MergeEntry& entry : merging.journal()) all.push_back(entry.step);
    return all;
  }
  const MergeEntry& entry(size_t index) const { return merging.journal().at(index); }

  AdaptedEncoder model;
  Optimiser optimiser;
  ExpertMerging merging;
};

// The weights of one expert of a layer as one vector.
inline Tensor expert_of(const std::map<std::string, Tensor>& values, int64_t layer,
                        int64_t expert) {
  std::vector<Tensor> parts;
  for (const auto& [name, value] : values)
    if (name.starts_with(fmt::format("adapters.{}.experts.", layer)))
      parts.push_back(value[expert].flatten());
  return at::cat(parts);
}

// Which tensors differ, an expert's slices told apart.
inline std::vector<std::string> changed(const std::map<std::string, Tensor>& before,
                                        const std::map<std::string, Tensor>& after) {
  std::vector<std::string> names;
  for (const auto& [name, value] : after) {
    if (name.find(".experts.") == std::string::npos) {
      if (!value.equal(before.at(name))) names.push_back(name);
      continue;
    }
    for (int64_t e = 0; e < value.size(0); ++e)
      if (!value[e].equal(before.at(name)[e])) names.push_back(fmt::format("{}[{}]", name, e));
  }
  return names;
}

inline std::vector<std::string> tensors_of(
    const std::vector<std::pair<int64_t, int64_t>>& experts) {
  std::vector<std::string> names;
  for (const auto& [layer, expert] : experts)
    for (const char* name : {"down.bias", "down.weight", "up.bias", "up.weight"})
      names.push_back(fmt::format("adapters.{}.experts.{}[{}]", layer, name, expert));
  return names;
}

}  // namespace moestro::testing
