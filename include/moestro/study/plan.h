// Which runs a study consists of, in an order in which they can be trained.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "moestro/study/recipe.h"

namespace moestro {

struct PlannedRun {
  std::string arm;
  int64_t seed = 0;
  std::filesystem::path folder;    // STUDY/runs/ARM-SEED
  std::string recipe;              // complete, as TOML
  bool told_class = false;         // its gate reads the label: its error is no rival's
  bool starts_elsewhere = false;   // from a run that is no part of the study
  std::vector<size_t> needs = {};  // places in the plan of the runs that must be finished before
};

struct StudyPlan {
  StudyConfig study;  // with its baseline
  std::filesystem::path file;
  std::string name;              // of the file, without .toml
  std::vector<PlannedRun> runs;  // seed by seed; a run stands behind those it needs
};

struct PlanOptions {
  std::vector<std::string> assignments;  // for all arms, after their own: "train.device=cuda"
  int64_t seeds = 0;                     // instead of study.seeds; 0: as the file says
  bool arms_may_agree = false;           // what the assignments make alike: a quick look
};

// What --quick plans: 2 seeds, 1 epoch.
PlanOptions quick_plan();

// Throws UserError, before anything runs, for a study
// without arms, arms that are the same, that cannot be compared (other data, a seed of their own),
// that need each other in a circle, a primary or baseline that names no arm, a primary arm that is
// told the class or has no such metric, and every error of an arm's recipe.
StudyPlan plan_study(const std::filesystem::path& file, const std::filesystem::path& out,
                     const PlanOptions& options = {});

}  // namespace moestro
