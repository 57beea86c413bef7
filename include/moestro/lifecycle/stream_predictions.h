// What a run through a stream of tasks answers for new rows, as a file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace moestro {

struct StreamPredictionOptions {
  std::filesystem::path run;  // of `moestro continual`, finished
  // Texts: FILE.txt or .txt.gz, a text a line. Images: as load_new_images (data/source.h).
  std::string rows;
  std::filesystem::path out;
  // The task that all rows are of. Empty: that of the least error by the run's selector (train/
  // task_selector.h), row by row; where the selector trusts none, the untouched encoder answers
  // among the classes of that task.
  std::string task;
  std::filesystem::path data_root;  // may be empty: see data/data_root.h; of texts it must be
  std::string device;               // empty: the recipe's
  int64_t threads = -1;             // below 0: the recipe's
};

// NAME.csv: a line a row: row, prediction (the name of a class of its task), probability (softmax
// over that task's scores), task, encoder ("adapted": with what that task learned, "untouched":
// without). NAME.safetensors: predicted [N] and task [N], int64, counted from 0 in the order of
// the run's tasks.safetensors; adapted [N], bool; probabilities [N, C], C of the task with the
// most classes, 0 behind those of a row's task. Written atomically; returns the count of rows.
//
// A text is cut where its task's are; to choose the task, at stream.longest tokens. Throws
// UserError for another ending of `out`, before anything is read; a folder without a finished
// stream or of which the last checkpoint is damaged; an encoder that is not there or another one; a
// task that was not learned; rows of another kind than the encoder reads; texts with a data_root.
int64_t predict_with_stream(const StreamPredictionOptions& options);

}  // namespace moestro
