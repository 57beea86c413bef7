// A task of images to learn after others: a task file (data/task_file.h) without [prompts], whose
// [data] is a set of images. What a class is compared with are some of its own training images.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "moestro/data/task_file.h"

namespace moestro {

struct LabelledImages {
  static constexpr const char* kNoun = "images";

  Tensor pixels_NCHW;  // uint8, contiguous, on the CPU
  Tensor targets_N;    // int64, on the CPU

  int64_t rows() const { return targets_N.size(0); }
  // What makes two rows the same: every pixel.
  std::string_view content(int64_t row) const;
};

// The listed rows (int64 [M], on the CPU), in that order.
LabelledImages select_rows(const LabelledImages& from, const Tensor& rows_M);

struct ImageTask {
  std::string name;
  std::vector<std::string> class_names;
  LabelledImages train, valid, test;  // valid may be empty
  LabelledImages support;             // what classes are compared with (data/task_stream.h)
  int64_t dropped = 0;  // training and validation images left out (data/task_stream.h)

  int64_t classes() const { return static_cast<int64_t>(class_names.size()); }

  // sha256 over everything but `dropped`, in hexadecimal.
  std::string digest() const;
};

// All rows of the task, as load_data splits them, none for support. root: --data-root, may be
// empty. Throws UserError with the task's file in front, as load_data, and for prompts, data that
// are no images of unsigned bytes, and targets that are no classes.
ImageTask read_image_task(const TaskFile& file, const std::filesystem::path& root, uint64_t seed);

}  // namespace moestro
