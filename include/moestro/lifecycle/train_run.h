// One training run from recipe to summary, in a folder of its own.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "moestro/data/source.h"
#include "moestro/lifecycle/run_options.h"
#include "moestro/lifecycle/start.h"

namespace moestro {

// Trains, evaluates once on the test rows and writes everything but report.html. All that can be
// wrong with recipe and data is found before the folder is touched. A finished run that is resumed
// stays as it is. Throws UserError (also where a resumed run has another recipe), SystemError,
// Interrupted.
void train_run(const RecipeDocument& document, const RunOptions& options);

// What train_run() does before the folder is touched, up to the loss of a first step, and nothing
// else: finds what is wrong with recipe and data. Rows that runs in a row have in common are read
// once: a tokenizer takes seconds to train.
class Rehearsal {
 public:
  // A run of `planned` that the recipe starts from need not be there yet. Returns what the data
  // are.
  DataRecord run(const RecipeDocument& document, const std::filesystem::path& data_root,
                 const PlannedRuns& planned = {});

 private:
  std::string read_;  // what data_ were read by
  std::optional<DataSource> data_;
};

}  // namespace moestro
