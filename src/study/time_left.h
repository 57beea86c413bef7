// How long a study still takes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace moestro {

struct StudyPace {
  int64_t trained = 0;               // runs
  double trained_seconds = 0;        // all of them together
  int64_t still_to_start = 0;        // runs
  std::vector<double> running = {};  // seconds since each of them began
  int64_t jobs = 1;                  // runs at once
};

// If every run takes as long as those before it did on average. At least one is trained.
double seconds_left(const StudyPace& pace);

// "; about 3 min 10 s left"; "" where nothing is.
std::string time_left_text(const StudyPace& pace);

}  // namespace moestro
