// Trains what a study still lacks, several runs at once.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "moestro/study/analysis.h"

namespace moestro {

struct StudyOptions {
  std::filesystem::path out;        // the study's folder
  std::filesystem::path program;    // that trains a run: PROGRAM train|continual RECIPE ...
  std::filesystem::path data_root;  // may be empty
  int64_t jobs = 1;                 // runs at once, the CPU's threads divided among them
};

// The study's folder: runs/ARM-SEED, recipes/ARM-SEED.toml, results.csv (after every run) and
// logs/ARM-SEED.log. What is finished is not run again; what was interrupted goes on; a run that
// fails stops only those that need it. Returns the rows of all runs, those of plan.beside that are
// finished among them. Throws UserError, before
// anything is trained, for a folder that holds something else, runs there of another recipe or from
// a teacher that was trained again since, and what is wrong with an arm; after it, naming the runs
// that failed (SystemError where the user cannot mend them); Interrupted once all runs are saved.
std::vector<StudyRow> run_study(const StudyPlan& plan, const StudyOptions& options);

// The seeds of the rows that a study's folder has, for PlanOptions::further_seeds.
std::vector<int64_t> seeds_with_results(const std::filesystem::path& out);

}  // namespace moestro
