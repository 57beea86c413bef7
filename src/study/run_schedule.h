// Which run of a study may start next.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "moestro/study/plan.h"

namespace moestro {

enum class RunState { waiting, running, finished, failed };

class RunSchedule {
 public:
  // All of them wait.
  explicit RunSchedule(const std::vector<PlannedRun>& runs);

  void set(size_t run, RunState state) { states_[run] = state; }
  bool is_finished(size_t run) const { return states_[run] == RunState::finished; }

  // The first one that waits for nothing but its turn.
  std::optional<size_t> next() const;
  int64_t count(RunState state) const;
  // Those that wait, but for those that need, directly or not, one that failed.
  int64_t still_to_start() const;

 private:
  const std::vector<PlannedRun>& runs_;
  std::vector<RunState> states_;
};

}  // namespace moestro
