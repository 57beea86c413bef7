#include "moestro/train/model.h"

#include "moestro/core/error.h"

namespace moestro {
namespace {

constexpr const char* kBankName = "experts";

int64_t hidden_width(const std::vector<LayerSpec>& specs, int64_t from_last) {
  const int64_t layer = hidden_layer(specs, from_last);
  return layer < 0 ? 0 : values_of(specs[layer].in);
}

}  // namespace

Mixture build_mixture(const RecipeDocument& document, const Task& task) {
  const Recipe& recipe = document.recipe;
  const Schema& schema = document.schema;
  const OutputKind output = output_kind(recipe.mixture.output);
  if ((task.classes == 0) != (output == OutputKind::values))
    throw UserError("{} = \"{}\", but the target of the data is {}; expected {}",
                    schema.where("mixture.output"), recipe.mixture.output,
                    task.classes == 0 ? "a value" : "a class",
                    task.classes == 0 ? "values" : "probabilities or logits");
  const auto seed = static_cast<uint64_t>(recipe.train.seed);
  const int64_t outputs = task.classes == 0 ? 1 : task.classes;
  std::vector<LayerSpec> specs = parse_layers(recipe.expert.layers, task.sample_shape,
                                              {schema.where("expert.layers"), "classes", outputs});
  GateSetting setting;
  setting.input = task.sample_shape;
  setting.experts = recipe.expert.count;
  setting.expert_hidden = hidden_width(specs, recipe.gate.hidden);
  setting.classes = task.classes;
  setting.seed = seed;
  setting.where = schema.where("gate.layers");
  ExpertBank bank(std::move(specs), kBankName, recipe.expert.count, seed, recipe.gate.hidden);
  return Mixture(std::move(bank), make_gate(recipe.gate, setting), output);
}

}  // namespace moestro
