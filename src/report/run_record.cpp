#include "moestro/report/run_record.h"

#include <charconv>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "moestro/core/error.h"
#include "moestro/report/format.h"
#include "moestro/report/recipe_text.h"
#include "moestro/store/file.h"
#include "moestro/store/run_folder.h"
#include "moestro/store/safetensors.h"

namespace moestro {

namespace fs = std::filesystem;

namespace {

void require(const fs::path& path, const char* why) {
  if (!fs::exists(path)) throw UserError("{} is missing; {}", path.string(), why);
}

Tensor images_of_expert(const SafetensorsFile& file, std::size_t expert, std::size_t samples) {
  const std::string name = fmt::format("expert_{}", expert);
  if (!file.contains(name)) {
    if (samples == 0) return {};
    throw UserError("{}: tensor \"{}\" is missing; inspection.json speaks of its {} samples",
                    file.path().string(), name, samples);
  }
  const Shape& shape = file.shape(name);
  const bool fits = file.dtype(name) == at::kByte && shape.size() == 4 &&
                    shape[0] == static_cast<int64_t>(samples) && (samples == 0 || shape[1] > 0);
  if (!fits)
    throw UserError("{}: tensor \"{}\" is {} [{}], expected uint8 [{}, channels, height, width]",
                    file.path().string(), name, at::toString(file.dtype(name)),
                    fmt::join(shape, ", "), samples);
  return file.tensor(name);
}

std::vector<Tensor> read_images(const fs::path& path, const InspectionRecord& inspection) {
  std::vector<Tensor> images;
  const SafetensorsFile file(path);
  for (std::size_t e = 0; e < inspection.samples.size(); ++e)
    images.push_back(images_of_expert(file, e, inspection.samples[e].size()));
  return images;
}

Owners owners_of(const fs::path& path, const InspectionRecord& inspection) {
  Owners owners = read_owners(path);
  if (owners.expert_N.size(0) != inspection.rows || owners.experts != inspection.experts)
    throw UserError("{}: {} rows of {} experts; inspection.json speaks of {} rows of {} experts",
                    path.string(), owners.expert_N.size(0), owners.experts, inspection.rows,
                    inspection.experts);
  return owners;
}

int64_t recipe_experts(const std::string& recipe) {
  const std::string text = recipe_value(recipe, "expert.count");
  int64_t count = 0;
  std::from_chars(text.data(), text.data() + text.size(), count);
  return count;
}

}  // namespace

bool RunRecord::is_transformer() const {
  const std::string kind = recipe_value(recipe, "model.kind");
  return kind == "encoder" || kind == "vit" || kind == "translator" || !layers().empty();
}

int64_t RunRecord::experts() const {
  if (inspection) return inspection->experts;
  if (is_transformer()) return 0;
  if (!metrics.epochs.empty() && !metrics.epochs.back().usage.empty())
    return static_cast<int64_t>(metrics.epochs.back().usage.size());
  return recipe_experts(recipe);
}

std::vector<MixtureName> RunRecord::layers() const {
  std::vector<MixtureName> names;
  if (inspection) {
    for (const LayerRecord& layer : inspection->layers)
      names.push_back({layer.layer, layer.experts});
  } else if (!metrics.epochs.empty()) {
    for (const LayerUsageRecord& layer : metrics.epochs.back().layers)
      names.push_back({layer.layer, static_cast<int64_t>(layer.usage.size())});
  }
  return names;
}

int64_t RunRecord::layer_experts() const {
  const std::vector<MixtureName> known = layers();
  return known.empty() ? recipe_experts(recipe) : known.front().experts;
}

Task RunRecord::task() const {
  if (inspection && inspection->experts > 0)
    return inspection->classes.empty() ? Task::values : Task::classes;
  if (recipe_value(recipe, "model.kind") == "translator" ||
      (summary && std::isfinite(summary->bleu)))
    return Task::translation;
  if (recipe_value(recipe, "mixture.output") == "values" ||
      recipe_value(recipe, "loss.kind") == "least_squares")
    return Task::values;
  const bool classes = !summary || is_transformer() || std::isfinite(summary->calibration_error) ||
                       std::isfinite(summary->hard_top1_error);
  return classes ? Task::classes : Task::values;
}

std::string RunRecord::error_noun() const {
  switch (task()) {
    case Task::classes:
      return "error";
    case Task::values:
      return "root mean squared error";
    case Task::translation:
      return "share of wrong tokens";
  }
  return {};
}

NumberStyle RunRecord::error_style() const {
  return task() == Task::values ? NumberStyle::plain : NumberStyle::percent;
}

std::string RunRecord::error_text(double error) const {
  return task() == Task::values ? value_text(error) : percent_text(error);
}

RunRecord read_run(const fs::path& folder) {
  const RunFolder files = RunFolder::open(folder);
  require(files.recipe_path(), "every run folder has one");
  require(files.manifest_path(), "the run ended before it began");
  RunRecord run;
  run.name = files.name();
  run.recipe = read_file(files.recipe_path());
  run.manifest = files.manifest();
  run.metrics = read_metrics_record(files.metrics_path());
  const fs::path inspection = folder / "inspection.json", images = folder / "samples.safetensors",
                 owners = folder / "owners.safetensors";
  if (run.manifest.status == RunStatus::finished)
    require(files.summary_path(), "a finished run has one");
  if (fs::exists(files.summary_path())) run.summary = read_summary(files.summary_path());
  if (fs::exists(inspection)) run.inspection = read_inspection(inspection);
  if (run.inspection && fs::exists(images)) run.images = read_images(images, *run.inspection);
  if (run.inspection && fs::exists(owners)) run.owners = owners_of(owners, *run.inspection);
  return run;
}

}  // namespace moestro
