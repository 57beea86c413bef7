// Tasks learned one after another by mixtures of adapters beside a frozen encoder, in a run folder.
#pragma once

#include "moestro/lifecycle/continual_recipe.h"
#include "moestro/lifecycle/run_options.h"

namespace moestro {

// Learns the stream and writes checkpoints (after each task and every minute of one),
// metrics.jsonl, merges.json and summary.json. All that can be wrong with recipe and data is found
// before the folder is touched; a stopped run goes on at the step where it was. A finished run that
// is resumed stays as it is, unless its last checkpoint is damaged: it goes on from the newest that
// is not. Throws UserError (also where a resumed run has another recipe or other data, or a
// finished one no checkpoint that can be read), SystemError, Interrupted.
void run_stream(const ContinualDocument& document, const RunOptions& options);

struct AddedTask {
  std::filesystem::path run, task_file;
  std::filesystem::path data_root;  // may be empty: see data/data_root.h
  std::string device;               // empty: the recipe's; otherwise the recipe's from then on
  int64_t threads = -1;             // below 0: the recipe's; likewise
};

// One more task for a finished run, in its folder, whose recipe then ends with the task's file: all
// experts that there are are frozen before and new ones appended, so that what earlier tasks are
// answered with, where the task is known, stays the same to the bit. Goes on where such a call was
// stopped; a task that failed before its first checkpoint gives way to another, and one that is
// learned stays as it is. Throws as run_stream (also where such a one has changed since), and for a
// folder that holds no finished run through a stream.
void add_task_to_run(const AddedTask& added);

}  // namespace moestro
