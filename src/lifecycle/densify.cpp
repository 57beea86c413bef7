#include "moestro/lifecycle/densify.h"

#include <charconv>

#include <nlohmann/json.hpp>

#include "moestro/core/error.h"
#include "moestro/core/suggest.h"
#include "moestro/data/record.h"
#include "moestro/lifecycle/fold.h"
#include "moestro/lifecycle/trained_run.h"
#include "moestro/nn/gate.h"
#include "moestro/store/json_file.h"
#include "moestro/store/run_folder.h"
#include "moestro/train/model.h"

namespace moestro {
namespace {

constexpr const char* kOrigin = "moestro densify";
constexpr double kDistillation = .25;

void set(RecipeDocument& document, const std::string& assignment, const char* origin = kOrigin) {
  document.schema.set(assignment, origin);
}

// Every key of these as if no recipe had said anything.
void forget(RecipeDocument& document, const std::string& prefix) {
  for (const Section& section : document.schema.sections())
    for (const Field& field : section.fields()) {
      const std::string& key = field.key();
      if (key.starts_with(prefix) && field.is_set()) set(document, key + "=");
    }
}

std::vector<LayerSpec> hidden_layers_of(const RecipeDocument& document, const RunFolder& folder) {
  const std::filesystem::path path = folder.path() / "data.json";
  const DataRecord data = DataRecord::from_json(read_json_file(path), path.string());
  std::vector<LayerSpec> layers = expert_layers(document, task_of(data));
  std::erase_if(layers, [](const LayerSpec& layer) { return !has_weights(layer); });
  if (!layers.empty()) layers.pop_back();  // the output, whose width is the task's
  return layers;
}

void set_network_width(RecipeDocument& document, const RunFolder& folder, int64_t times,
                       int64_t width) {
  if (times == 1 && width == 0) return;
  const std::vector<LayerSpec> hidden = hidden_layers_of(document, folder);
  if (width > 0 && hidden.size() != 1)
    throw UserError(
        "--student {}: the experts have {} hidden layers; expected \"expert\", or experts with one",
        width, hidden.size());
  std::vector<std::string> layers = document.recipe.expert.layers;
  for (const LayerSpec& layer : hidden)
    layers[static_cast<size_t>(layer.index)] =
        with_size(layer, width > 0 ? width : layer.size * times);
  set(document, fmt::format("expert.layers=[\"{}\"]", joined(layers, "\", \"")));
}

void set_width(RecipeDocument& document, const RunFolder& folder, int64_t times, int64_t width) {
  if (!document.recipe.model.transformer())
    return set_network_width(document, folder, times, width);
  const ModelConfig& model = document.recipe.model;
  const int64_t expert = model.expert_hidden > 0 ? model.expert_hidden : model.hidden;
  set(document, fmt::format("model.expert_hidden={}", width > 0 ? width : expert * times));
}

int64_t width_of(const std::string& text) {
  if (text == "expert") return 0;
  int64_t width = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), width);
  if (error != std::errc() || end != text.data() + text.size() || width < 1)
    throw UserError("--student \"{}\"; expected \"expert\" or a width of at least 1", text);
  return width;
}

}  // namespace

void write_student_recipe(const DensifyOptions& options, RecipeDocument& document) {
  const RunFolder folder = RunFolder::open(options.run);
  check_no_stream(folder);
  document.schema.parse_file(folder.recipe_path());
  folder.check_finished(folder.path().string());
  check_can_fold(document.recipe, folder.path().string());
  const int64_t width = width_of(options.width);
  const Recipe& mixture = document.recipe;
  const bool side_by_side = options.gather == "concat";
  set_width(document, folder, side_by_side ? experts_a_row(mixture.gate, mixture.expert.count) : 1,
            width);
  for (const char* prefix : {"gate.", "start.", "student.", "model.route", "loss.mutual"})
    forget(document, prefix);
  set(document, "expert.count=1");
  set(document, "gate.kind=fixed");
  document.schema.forget_without_effect();
  const std::string& loss = document.recipe.loss.kind;
  if (loss == "stochastic" || loss == "competitive") set(document, "loss.kind=expectation");
  set(document, "student.teacher=" + options.run.string());
  set(document, "student.gather=" + options.gather);
  const double distillation = options.distillation.value_or(kDistillation);
  set(document, fmt::format("loss.task={:.12g}", 1 - distillation));
  set(document, fmt::format("loss.distillation={}", distillation),
      options.distillation ? "--distillation" : kOrigin);
  if (options.temperature)
    set(document, fmt::format("loss.distillation_temperature={}", *options.temperature),
        "--temperature");
}

}  // namespace moestro
