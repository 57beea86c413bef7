// What rows of a stream's tasks are answered by, beside its model; tasks.safetensors in the folder
// of its run.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "moestro/core/tensor.h"

namespace moestro {

struct StreamTask {
  std::string name;
  std::vector<std::string> class_names;
  int64_t longest = 0;  // tokens at which texts are cut; images: 0
  Tensor classes_CD;    // what scores are cosines with: unit vectors, float32

  int64_t classes() const { return static_cast<int64_t>(class_names.size()); }
};

// Atomically.
void write_stream_tasks(const std::filesystem::path& run, const std::vector<StreamTask>& tasks);

// classes_CD on the CPU. Throws UserError for a folder without the file, one that is damaged, and
// another count of tasks or width of vectors.
std::vector<StreamTask> read_stream_tasks(const std::filesystem::path& run, int64_t count,
                                          int64_t width);

}  // namespace moestro
