// Tasks in the order in which they are learned, so that no text and no image is learned and tested
// on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "moestro/data/image_task.h"
#include "moestro/data/task_file.h"

namespace moestro {

// Rows are drawn by seed and the task's name: a task's draw is the same in every stream, but for
// rows that are left out there. A smaller draw lies within a larger one.
struct StreamLimits {
  int64_t samples_a_class = 0;   // training rows of each class, fewer where it has fewer; 0: all
  int64_t most_train = 5000;     // training rows of a task; 0: all
  int64_t most_test = 1000;      // its test rows, and its validation rows; 0: all
  bool hold_out = true;          // false: nothing for validation, whatever task files say
  int64_t support_a_class = 16;  // images: training rows that a class is compared with, at most
};

// Training and validation texts that are a test text of any of the tasks (white space on both sides
// apart) are left out, test texts that most_test cuts off counted; TextTask::dropped says how many.
// Throws UserError as read_task_file and read_text_task, for no files, two tasks of one name, and a
// task of which no training text is left.
std::vector<TextTask> load_task_stream(const std::vector<std::filesystem::path>& files,
                                       const std::filesystem::path& root,
                                       const StreamLimits& limits, uint64_t seed);

// The same of images, equal in every pixel. Support rows are drawn as training rows are, most_train
// apart: the same ones for every count of those. Throws UserError as read_image_task, too,
// and for a class without a training row.
std::vector<ImageTask> load_image_stream(const std::vector<std::filesystem::path>& files,
                                         const std::filesystem::path& root,
                                         const StreamLimits& limits, uint64_t seed);

// One task, to be learned after others: rows of its own test set alone are left out.
TextTask load_task(const std::filesystem::path& file, const std::filesystem::path& root,
                   const StreamLimits& limits, uint64_t seed);
ImageTask load_image_task(const std::filesystem::path& file, const std::filesystem::path& root,
                          const StreamLimits& limits, uint64_t seed);

}  // namespace moestro
