#include "rehearsal.h"

#include "arm_recipe.h"
#include "moestro/core/error.h"

namespace moestro {

void rehearse(const StudyPlan& plan, const std::function<bool(size_t)>& is_finished,
              const std::filesystem::path& data_root) {
  PlannedRuns planned;
  for (size_t i = 0; i < plan.runs.size(); ++i)
    if (!is_finished(i)) planned.emplace(plan.runs[i].folder.string(), plan.runs[i].recipe);
  const std::unique_ptr<ArmRecipe> recipe = new_arm_recipe(plan.kind);
  for (size_t i = 0; i < plan.runs.size(); ++i) {
    const PlannedRun& run = plan.runs[i];
    const bool starts_by_seed = recipe->facts().starts_from_arms && !run.elsewhere.empty();
    const bool wanted = run.seed == plan.study.first_seed || starts_by_seed;
    if (is_finished(i) || !wanted) continue;
    try {
      recipe->rehearse(run.recipe, plan.study.metric, data_root, planned);
    } catch (const UserError& error) {
      throw UserError("{}: arm \"{}\": {}", plan.file.string(), run.arm, error.what());
    }
  }
}

}  // namespace moestro
