#include "run_schedule.h"

#include <algorithm>

namespace moestro {

RunSchedule::RunSchedule(const std::vector<PlannedRun>& runs) : runs_(runs), states_(runs.size()) {}

std::optional<size_t> RunSchedule::next() const {
  for (size_t i = 0; i < runs_.size(); ++i)
    if (states_[i] == RunState::waiting &&
        std::ranges::all_of(runs_[i].needs, [&](size_t need) { return is_finished(need); }))
      return i;
  return {};
}

int64_t RunSchedule::count(RunState state) const {
  return std::ranges::count(states_, state);
}

int64_t RunSchedule::still_to_start() const {
  std::vector<bool> lost(runs_.size());
  int64_t wait = 0;
  for (size_t i = 0; i < runs_.size(); ++i) {  // a run stands behind those it needs
    lost[i] = states_[i] == RunState::failed ||
              std::ranges::any_of(runs_[i].needs, [&](size_t need) { return lost[need]; });
    if (states_[i] == RunState::waiting && !lost[i]) ++wait;
  }
  return wait;
}

}  // namespace moestro
