#include "moestro/train/model.h"

#include "moestro/core/error.h"
#include "moestro/data/record.h"
#include "moestro/nn/model_config.h"
#include "moestro/nn/translator.h"

namespace moestro {
namespace {

constexpr const char* kBankName = "experts";

int64_t hidden_width(const std::vector<LayerSpec>& specs, int64_t from_last) {
  const int64_t layer = hidden_layer(specs, from_last);
  return layer < 0 ? 0 : values_of(specs[layer].in);
}

// What a Transformer of this kind reads, and whether it is there.
void check_kind(const RecipeDocument& document, const Task& task) {
  const std::string& kind = document.recipe.model.kind;
  const auto refuse = [&](const char* expected) {
    throw UserError("{} = \"{}\" does not fit the data; expected {}",
                    document.schema.where("model.kind"), kind, expected);
  };
  const bool text = task.vocabulary > 0;
  if (task.translation && kind != "translator") refuse("\"translator\" for pairs of sentences");
  if (kind == "translator" && !task.translation) refuse("pairs of sentences for a translator");
  if (text && kind != "encoder" && kind != "translator") refuse("\"encoder\" for texts");
  if (kind == "encoder" && !text) refuse("texts for an encoder");
  if (kind == "vit" && task.sample_shape.size() != 3) refuse("images for a vit");
}

// The loss of what a Transformer answers.
void check_loss(const RecipeDocument& document, const Task& task) {
  const bool values = task.classes == 0 && !task.translation;
  const char* expected = values ? "least_squares" : "expectation";
  const std::string& kind = document.recipe.loss.kind;
  if (kind != expected)
    throw UserError("{} = \"{}\", but the target of the data is a {}; expected {}",
                    document.schema.where("loss.kind"), kind,
                    values             ? "value"
                    : task.translation ? "translation"
                                       : "class",
                    expected);
}

// Whether, normalised, any input of the column that is 1 is above any that is 0.
bool stays_one_hot(const Normaliser& normaliser, int64_t first, int64_t count) {
  double least_one = INFINITY, most_zero = -INFINITY;
  for (int64_t i = first; i < first + count; ++i) {
    const double mean = normaliser.mean().at(i), deviation = normaliser.deviation().at(i);
    least_one = std::min(least_one, (1 - mean) / deviation);
    most_zero = std::max(most_zero, (0 - mean) / deviation);
  }
  return least_one > most_zero;
}

std::vector<InputSpan> categorical_columns(const TableSchema& table, const Normaliser& normaliser) {
  std::vector<InputSpan> categories;
  int64_t input = 0;
  for (const TableColumn& column : table.columns) {
    const int64_t width = column.width();
    if (column.kind == TableColumn::Kind::categorical)
      categories.push_back({input, width, stays_one_hot(normaliser, input, width)});
    input += width;
  }
  return categories;
}

AnswerShape answer_shape(const ModelConfig& model, const Task& task) {
  if (task.classes == 0) return {1, OutputKind::values, pooling_of(model)};
  return {task.classes, OutputKind::logits, pooling_of(model)};
}

std::unique_ptr<Model> build_transformer(const RecipeDocument& document, const Task& task) {
  check_loss(document, task);
  const Recipe& recipe = document.recipe;
  const auto seed = static_cast<uint64_t>(recipe.train.seed);
  const TransformerShape shape =
      transformer_shape(recipe.model, recipe.gate, recipe.expert.count, task.longest);
  if (task.translation) return std::make_unique<Translator>(shape, task.vocabulary, seed);
  const AnswerShape answer = answer_shape(recipe.model, task);
  if (task.vocabulary > 0)
    return std::make_unique<Classifier>(shape, task.vocabulary, answer, seed);
  const Shape& image = task.sample_shape;
  return std::make_unique<Classifier>(
      shape, PatchShape{image[0], image[1], image[2], recipe.model.patch}, answer, seed);
}

}  // namespace

Task task_of(const DataRecord& data) {
  Task task{data.sample_shape, data.classes};
  if (data.table) task.categories = categorical_columns(*data.table, data.normaliser);
  if (!data.text) return task;
  task.vocabulary = data.text->vocabulary;
  task.translation = data.text->is_translation();
  task.longest = data.text->longest;
  return task;
}

std::unique_ptr<Model> build_model(const RecipeDocument& document, const Task& task) {
  check_kind(document, task);
  if (document.recipe.model.transformer()) return build_transformer(document, task);
  return std::make_unique<Mixture>(build_mixture(document, task));
}

std::vector<LayerSpec> expert_layers(const RecipeDocument& document, const Task& task) {
  const int64_t outputs = task.classes == 0 ? 1 : task.classes;
  return parse_layers(
      document.recipe.expert.layers, task.sample_shape,
      {document.schema.where("expert.layers"), "classes", outputs, task.categories});
}

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
  std::vector<LayerSpec> specs = expert_layers(document, task);
  GateSetting setting;
  setting.input = task.sample_shape;
  setting.experts = recipe.expert.count;
  setting.expert_hidden = hidden_width(specs, recipe.gate.hidden);
  setting.classes = task.classes;
  setting.seed = seed;
  setting.where = schema.where("gate.layers");
  setting.categories = task.categories;
  ExpertBank bank(std::move(specs), kBankName, recipe.expert.count, seed, recipe.gate.hidden);
  return Mixture(std::move(bank), make_gate(recipe.gate, setting), output);
}

}  // namespace moestro
