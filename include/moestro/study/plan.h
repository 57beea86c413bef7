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
  std::filesystem::path folder;  // STUDY/runs/ARM-SEED
  std::string recipe;            // complete, as TOML
  bool told_class = false;       // its gate reads the label: its error is no rival's
  std::vector<std::filesystem::path> elsewhere = {};  // it starts from these, no runs of the study
  std::vector<size_t> needs = {};  // places in the plan of the runs that must be finished before
  std::string data_keys = {};      // of a stream: equal where a seed reads the same rows
};

struct StudyPlan {
  RecipeKind kind = RecipeKind::training;
  StudyConfig study;  // with its baseline
  std::filesystem::path file;
  std::string name;                     // of the file, without .toml
  std::vector<PlannedRun> runs;         // seed by seed; a run stands behind those it needs
  std::vector<PlannedRun> beside = {};  // of PlanOptions::further_seeds; their needs are left out
};

// A change of every arm's recipe, and where it was asked for.
struct Assignment {
  std::string text;  // "train.epochs=1"
  std::string origin = "--set";
};

struct PlanOptions {
  std::vector<Assignment> assignments;  // for all arms, after their own
  int64_t seeds = 0;                    // instead of study.seeds; 0: as the file says
  // Of runs that are not trained, and whose results are kept where they are there already.
  std::vector<int64_t> further_seeds;
  bool quick = false;  // few steps each, after which arms may be alike
};

// What --quick plans: 2 seeds of 1 epoch, or of a few steps of each task.
PlanOptions quick_plan();

// Throws UserError, before anything runs, for a study without arms, arms that are the same, that
// cannot be compared (other data, a seed of their own), that need each other in a circle or, being
// streams, at all, a primary or baseline that names no arm, one of these arms that is told the
// class or has no such metric, a metric that is good the other way, and every error of an arm's
// recipe.
StudyPlan plan_study(const std::filesystem::path& file, const std::filesystem::path& out,
                     const PlanOptions& options = {});

}  // namespace moestro
