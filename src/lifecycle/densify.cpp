#include "moestro/lifecycle/densify.h"

#include <algorithm>
#include <charconv>

#include "moestro/core/error.h"
#include "moestro/core/suggest.h"
#include "moestro/lifecycle/fold.h"
#include "moestro/lifecycle/trained_run.h"
#include "moestro/nn/gate.h"
#include "moestro/store/run_folder.h"

namespace moestro {
namespace {

constexpr const char* kOrigin = "moestro densify";

void set(RecipeDocument& document, const std::string& assignment) {
  document.schema.set(assignment, kOrigin);
}

// Every key of these as if no recipe had said anything.
void forget(RecipeDocument& document, const std::string& prefix) {
  for (const Section& section : document.schema.sections())
    for (const Field& field : section.fields()) {
      const std::string& key = field.key();
      if (key.starts_with(prefix) && field.is_set()) set(document, key + "=");
    }
}

// "linear 64" -> "linear 320", "conv 16 3 pad=1" -> "conv 80 3 pad=1".
std::string widened(const std::string& layer, int64_t times, int64_t width) {
  const size_t first = layer.find(' ') + 1, end = std::min(layer.find(' ', first), layer.size());
  const int64_t units = std::stoll(layer.substr(first, end - first));
  return fmt::format("{}{}{}", layer.substr(0, first), width > 0 ? width : units * times,
                     layer.substr(end));
}

// The last layer with weights gives the output, whose width is the task's.
std::vector<size_t> hidden_places(const std::vector<std::string>& layers) {
  std::vector<size_t> places;
  for (size_t i = 0; i < layers.size(); ++i)
    if (layers[i].starts_with("conv ") || layers[i].starts_with("linear ")) places.push_back(i);
  if (!places.empty()) places.pop_back();
  return places;
}

void set_network_width(RecipeDocument& document, int64_t times, int64_t width) {
  std::vector<std::string> layers = document.recipe.expert.layers;
  const std::vector<size_t> hidden = hidden_places(layers);
  if (width > 0 && hidden.size() != 1)
    throw UserError(
        "--student {}: the experts have {} hidden layers; expected \"expert\", or experts with one",
        width, hidden.size());
  for (const size_t i : hidden) layers[i] = widened(layers[i], times, width);
  set(document, fmt::format("expert.layers=[\"{}\"]", joined(layers, "\", \"")));
}

void set_width(RecipeDocument& document, int64_t times, int64_t width) {
  if (!document.recipe.model.transformer()) return set_network_width(document, times, width);
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
  set_width(document, side_by_side ? experts_a_row(mixture.gate, mixture.expert.count) : 1, width);
  for (const char* prefix : {"gate.", "start.", "student.", "model.route", "loss.mutual"})
    forget(document, prefix);
  set(document, "expert.count=1");
  set(document, "gate.kind=fixed");
  document.schema.forget_without_effect();
  const std::string& loss = document.recipe.loss.kind;
  if (loss == "stochastic" || loss == "competitive") set(document, "loss.kind=expectation");
  set(document, "student.teacher=" + options.run.string());
  set(document, "student.gather=" + options.gather);
  set(document, fmt::format("loss.task={:.12g}", 1 - options.distillation));
  set(document, fmt::format("loss.distillation={}", options.distillation));
  if (options.temperature)
    set(document, fmt::format("loss.distillation_temperature={}", *options.temperature));
}

}  // namespace moestro
