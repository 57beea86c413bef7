// metrics.jsonl: one JSON object a line, each with the integer "step" it was measured at.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "moestro/store/file.h"

namespace moestro {

class MetricsLog {
 public:
  // Keeps the records up to and including last_step, so that a resumed run doubles no line, and
  // drops the later ones, a half-written last line, and (with a warning) all from a damaged line
  // on. Give -1 to begin anew. Throws SystemError.
  MetricsLog(const std::filesystem::path& path, int64_t last_step);

  // One line, written at once. Numbers that are not finite become null. Throws SystemError.
  void append(const nlohmann::json& record);
  void sync();  // before a checkpoint that relies on the lines so far

 private:
  File file_;
};

// All complete records, also of a run in progress; none when there is no file. Throws UserError
// "PATH:LINE: ..." for a damaged line other than the last.
std::vector<nlohmann::json> read_metrics(const std::filesystem::path& path);

}  // namespace moestro
