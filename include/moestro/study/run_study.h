// Trains what a study still lacks, several runs at once.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "moestro/study/analysis.h"

namespace moestro {

struct StudyOptions {
  std::filesystem::path out;             // the study's folder
  std::filesystem::path program;         // that trains a run: PROGRAM train RECIPE ...
  std::vector<std::string> train_flags;  // for every run: --data-root, --device
  int64_t jobs = 1;                      // runs at once, the CPU's threads divided among them
};

// The study's folder: runs/ARM-SEED, recipes/ARM-SEED.toml, results.csv (after every run) and
// logs/ARM-SEED.log. What is finished is not run again; what was interrupted goes on. Returns the
// rows of all runs. Throws UserError where a run there has another recipe, and where a run fails
// (with its own words; those at work are finished first); Interrupted once all runs are saved.
std::vector<StudyRow> run_study(const StudyPlan& plan, const StudyOptions& options);

}  // namespace moestro
