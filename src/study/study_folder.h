// What a study's folder holds before anything is trained.
#pragma once

#include <filesystem>

#include "moestro/store/file.h"
#include "moestro/study/plan.h"

namespace moestro {

// Keeps other studies out; makes the folder where there is none. Throws UserError for the folder of
// a run, for a file, and where another study is writing.
File lock_study(const std::filesystem::path& out);

// Throws UserError where results.csv has rows of an arm that the study does not have: a folder
// holds one study, which may grow.
void check_arms_there(const StudyPlan& plan, const std::filesystem::path& results);

// Whether a run is there and finished. Throws UserError where it is there with another recipe, or
// started from a run that was trained again since.
bool is_finished(const PlannedRun& run, const StudyPlan& plan);

}  // namespace moestro
