#include "rehearsal.h"

#include "moestro/core/device.h"
#include "moestro/core/error.h"
#include "moestro/lifecycle/train_run.h"

namespace moestro {
namespace {

void check_metric(const std::string& metric, const DataRecord& data, bool transformer) {
  const bool translation = data.text && data.text->is_translation();
  const auto refuse = [&](const char* of, const char* found) {
    throw UserError("study.metric = \"{}\" is of {}, and {}; expected another, as test.error",
                    metric, of, found);
  };
  if (of_translations(metric) && !translation) refuse("translations", "the data are none");
  if (of_classes(metric) && data.classes == 0)
    refuse("classes", translation ? "the data are translations" : "the target is a number");
  if (of_whole_networks(metric) && transformer)
    refuse("mixtures of whole networks", "the model is a Transformer");
}

}  // namespace

void rehearse(const StudyPlan& plan, const std::function<bool(size_t)>& is_finished,
              const std::filesystem::path& data_root) {
  PlannedRuns planned;
  for (size_t i = 0; i < plan.runs.size(); ++i)
    if (!is_finished(i)) planned.emplace(plan.runs[i].folder.string(), plan.runs[i].recipe);
  for (size_t i = 0; i < plan.runs.size(); ++i) {
    const PlannedRun& run = plan.runs[i];
    const bool wanted = run.seed == plan.study.first_seed || !run.elsewhere.empty();
    if (is_finished(i) || !wanted) continue;
    try {
      RecipeDocument document;
      document.schema.parse_text(run.recipe, "its recipe");
      resolve_device(document.recipe.train.device);  // whether it is there; a rehearsal needs none
      document.schema.set("train.device=cpu");
      check_metric(plan.study.metric, rehearse_run(document, data_root, planned),
                   document.recipe.model.transformer());
    } catch (const UserError& error) {
      throw UserError("{}: arm \"{}\": {}", plan.file.string(), run.arm, error.what());
    }
  }
}

}  // namespace moestro
