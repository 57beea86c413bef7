#include "study_folder.h"

#include <algorithm>

#include "moestro/core/error.h"
#include "moestro/store/run_folder.h"
#include "moestro/study/results.h"

namespace moestro {
namespace fs = std::filesystem;
namespace {

// A run that began before the one it starts from ended, began from another one.
bool ended_before(const fs::path& teacher, const std::string& started) {
  const RunFolder folder = RunFolder::open(teacher);
  return folder.is_finished() && folder.manifest().finished <= started;
}

void check_recipe_there(const RunFolder& folder, const PlannedRun& run) {
  if (const auto difference = folder.recipe_difference(run.recipe))
    throw UserError(
        "{}: the run there has another recipe than arm \"{}\" has now; expected the same, "
        "another --out, or that folder gone (here: {})",
        run.folder.string(), run.arm, *difference);
}

void check_teachers(const RunFolder& folder, const PlannedRun& run, const StudyPlan& plan) {
  if (run.needs.empty() && run.elsewhere.empty()) return;
  const std::string started = folder.manifest().started;
  for (const size_t need : run.needs) {
    const fs::path& teacher = plan.runs[need].folder;
    if (!is_run_folder(teacher) || !ended_before(teacher, started))
      throw UserError(
          "{}: was started from {}, which is gone or was trained again since; expected "
          "that folder gone too",
          run.folder.string(), teacher.string());
  }
  for (const fs::path& teacher : run.elsewhere)  // what is gone there is not trained again here
    if (is_run_folder(teacher) && !ended_before(teacher, started))
      throw UserError(
          "{}: was started from {}, which was trained again since; expected the folder "
          "of what was started from it gone",
          run.folder.string(), teacher.string());
}

}  // namespace

File lock_study(const fs::path& out) {
  std::error_code none;
  if (is_run_folder(out))
    throw UserError("{}: holds a run; expected another --out for a study", out.string());
  if (fs::exists(out, none) && !fs::is_directory(out, none))
    throw UserError("{}: is a file; expected a folder for --out", out.string());
  fs::create_directories(out);
  File folder = File::folder(out);
  if (!folder.try_lock())
    throw UserError("{}: another study is writing there; expected one at a time", out.string());
  return folder;
}

void check_arms_there(const StudyPlan& plan, const fs::path& results) {
  std::error_code none;
  if (!fs::exists(results, none)) return;
  for (const StudyRow& row : read_rows(results))
    if (std::ranges::find(plan.runs, row.arm, &PlannedRun::arm) == plan.runs.end())
      throw UserError(
          "{}: has results of an arm \"{}\", which {} does not have; expected another "
          "--out",
          results.string(), row.arm, plan.name);
}

bool is_finished(const PlannedRun& run, const StudyPlan& plan) {
  if (!is_run_folder(run.folder)) return false;
  const RunFolder folder = RunFolder::open(run.folder);
  check_recipe_there(folder, run);
  check_teachers(folder, run, plan);
  return folder.is_finished();
}

}  // namespace moestro
