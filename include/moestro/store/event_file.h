// Scalars for TensorBoard: a file of framed records (length, check sum, protocol buffer "Event",
// check sum), written without TensorFlow. Formats: tensorflow/core/lib/io/record_writer.h,
// tensorflow/core/util/event.proto, tensorflow/core/framework/summary.proto.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "moestro/store/file.h"

namespace moestro {

class EventFile {
 public:
  // A new events.out.tfevents.* file in the folder, read after those already there. A resumed run
  // gives the step it goes on from: viewers then forget what the killed run wrote from there on.
  // Throws SystemError.
  explicit EventFile(const std::filesystem::path& folder, int64_t first_step = 0);

  void scalar(std::string_view tag, double value, int64_t step);  // stored as float32

  const std::filesystem::path& path() const { return file_.path(); }

 private:
  void write_record(std::string_view event);

  File file_;
};

}  // namespace moestro
