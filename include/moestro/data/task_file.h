// A task to learn after others: labelled texts, and of each label a prompt, a text that describes
// it; or images (data/image_task.h), without prompts. One file a task; the data are what [data] of
// a recipe says:
//
//   [task]
//   name = "ag-news"            # left out: the file's name
//   [prompts]                   # of every label, as the data have it; with dots in it: in quotes
//   World = "a news article about world news and politics"
//   "Sci/Tech" = "a news article about science and technology"
//   [data]
//   name = "ag-news"
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "moestro/core/tensor.h"
#include "moestro/data/config.h"

namespace moestro {

struct TaskFile {
  struct Prompt {
    std::string label, text;
    std::string where;  // "tasks/x.toml:6: prompts.World", for messages
  };

  std::filesystem::path path;
  std::string name;
  std::vector<Prompt> prompts;
  DataConfig data;
  int64_t longest = 0;  // data.longest where the file sets it, otherwise 0
};

// Throws UserError "file:line: ..." as Schema does, for a prompt that is empty or another's, too,
// and for a key of [data] that a task has no use for. Reads no data.
TaskFile read_task_file(const std::filesystem::path& path);

struct LabelledTexts {
  static constexpr const char* kNoun = "texts";

  std::vector<std::string> texts;
  Tensor targets_N;  // int64, on the CPU

  int64_t rows() const { return static_cast<int64_t>(texts.size()); }
  // What makes two rows the same: the text without white space on both sides.
  std::string_view content(int64_t row) const;
};

// The listed rows (int64 [M], on the CPU), in that order.
LabelledTexts select_rows(const LabelledTexts& from, const Tensor& rows_M);

struct TextTask {
  std::string name;
  std::vector<std::string> class_names, prompts;  // prompts[c] describes class c
  LabelledTexts train, valid, test;               // valid may be empty
  int64_t longest = 0;  // tokens at which texts are cut; 0: the file does not say
  int64_t dropped = 0;  // training and validation texts left out (data/task_stream.h)

  int64_t classes() const { return static_cast<int64_t>(class_names.size()); }

  // sha256 over everything but `dropped`, in hexadecimal.
  std::string digest() const;
};

// All rows of the task, as load_data splits them: those of the set's own for validation and test,
// or the shares data.validation and data.test by seed. root: --data-root, may be empty. Throws
// UserError with the task's file in front, as load_data, and for data that are no texts, texts in
// pairs, targets that are no classes, a label without a prompt and a prompt without its label.
TextTask read_text_task(const TaskFile& file, const std::filesystem::path& root, uint64_t seed);

}  // namespace moestro
