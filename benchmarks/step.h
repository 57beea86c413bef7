// A mixture with its loss and optimiser on one made-up batch, as a recipe describes them.
#pragma once

#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "moestro/data/batches.h"
#include "moestro/objective/objective.h"
#include "moestro/train/model.h"
#include "moestro/train/optimiser.h"
#include "moestro/train/recipe.h"

namespace moestro::bench {

constexpr int64_t kBatch = 512, kClasses = 10;
constexpr double kRate = 1e-3;
inline const Shape kSample = {1, 28, 28};

struct Work {
  std::string recipe, gate;
  int64_t experts;
  std::vector<std::string> more = {};  // assignments beside
  std::string name() const { return fmt::format("{}/{}/{}", recipe, gate, experts); }
};

// A recipe's networks: with the original gate, or as they are with an attentive gate and the
// importance term.
class Document : public RecipeDocument {
 public:
  explicit Document(const Work& work) {
    schema.parse_file(fmt::format("recipes/{}.toml", work.recipe));
    schema.set(fmt::format("expert.count={}", work.experts));
    schema.set("gate.kind=" + work.gate);
    if (work.gate == "softmax") schema.set("loss.importance=0");
    for (const std::string& assignment : work.more) schema.set(assignment);
    check(recipe, schema);
  }
};

struct Step {
  explicit Step(const Work& work)
      : document(work),
        mixture(build_mixture(document, {kSample, kClasses})),
        objective(document.recipe.loss, mixture.output()),
        optimiser(mixture.parameters(), document.recipe.train),
        x_NCHW(at::randn({kBatch, kSample[0], kSample[1], kSample[2]})),
        targets_N(at::randint(kClasses, {kBatch}, at::kLong)) {}

  ForwardContext context() const { return {.training = true}; }
  Batch batch() const { return {x_NCHW, targets_N, {}}; }

  void run() {
    ModelOutput output = mixture.forward(x_NCHW, context(), objective.needs());
    const LossTerms loss = objective(output.mixed_NC, output.traces, batch());
    optimiser.zero_gradients();
    loss.total.backward();
    optimiser.step(kRate);
  }

  Document document;
  Mixture mixture;
  Objective objective;
  Optimiser optimiser;
  Tensor x_NCHW, targets_N;
};

}  // namespace moestro::bench
