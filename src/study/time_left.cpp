#include "time_left.h"

#include <algorithm>

#include "moestro/core/error.h"
#include "moestro/core/progress.h"

namespace moestro {

double seconds_left(const StudyPace& pace) {
  MOESTRO_CHECK(pace.trained > 0 && pace.jobs > 0, "{} trained, {} at once", pace.trained,
                pace.jobs);
  const double each = pace.trained_seconds / static_cast<double>(pace.trained);
  const auto waiting = static_cast<double>(pace.still_to_start);
  double work = waiting * each, longest = pace.still_to_start > 0 ? each : 0;
  for (const double seconds : pace.running) {
    const double rest = std::max(0., each - seconds);
    work += rest;
    longest = std::max(longest, rest);
  }
  return std::max(work / static_cast<double>(pace.jobs), longest);
}

std::string time_left_text(const StudyPace& pace) {
  if (pace.still_to_start == 0 && pace.running.empty()) return {};
  return fmt::format("; about {} left", duration_text(seconds_left(pace)));
}

}  // namespace moestro
