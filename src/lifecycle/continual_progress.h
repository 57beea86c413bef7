// Where a run through a stream of tasks stands, besides weights and moments: what its checkpoints
// say in words, and its summary.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "moestro/train/adapted_encoder.h"
#include "moestro/train/merge_journal.h"

namespace moestro {

// On the rows of one task. NaN: not measured.
struct TaskScore {
  double accuracy, balanced;
};

// How it is known which task a row belongs to.
struct ScoreRow {
  std::vector<TaskScore> known;     // said; a task that was not learned yet: the untouched encoder
  std::vector<TaskScore> chosen;    // the selector's, row by row
  std::vector<TaskScore> by_batch;  // the selector's, batch by batch
};

struct ContinualProgress {
  int64_t task = 0, step = 0;        // tasks learned; steps done of the one after them
  bool begun = false;                // its gates are there
  int64_t streamed = 0;              // tasks of the first stream; the others were added one by one
  double seconds = 0;                // spent on training steps
  std::string encoder;               // digest of its files
  std::vector<std::string> digests;  // of the tasks' rows
  std::vector<std::vector<int64_t>> experts_TL;  // that the gates of a task know, by layer
  std::vector<std::vector<bool>> frozen_LE;
  std::vector<ScoreRow> rows;  // before any training, after the first task, ...
  std::vector<MergeEntry> journal;

  // What the model says of itself: experts, frozen ones.
  void look_at(const AdaptedEncoder& model);
  // Adds gates and experts as they were added, and freezes what was frozen.
  void rebuild(AdaptedEncoder& model) const;

  std::string to_json() const;
  static ContinualProgress from_json(const std::string& text);
};

// The summary's "continual": the matrices, every measure of measure/continual.h, what became of the
// experts.
nlohmann::ordered_json continual_json(const ContinualProgress& progress,
                                      const std::vector<std::string>& names);

}  // namespace moestro
