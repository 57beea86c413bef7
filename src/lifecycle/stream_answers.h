// What a stream answers for rows, and how it is written down (lifecycle/stream_predictions.h).
#pragma once

#include <filesystem>
#include <vector>

#include "stream_tasks.h"

namespace moestro {

struct StreamAnswers {
  Tensor task_N;     // int64
  Tensor adapted_N;  // bool: not the untouched encoder's
  Tensor probs_NC;   // of the classes of a row's task; 0 behind them
};

void write_answers(const std::filesystem::path& path, const StreamAnswers& answers,
                   const std::vector<StreamTask>& tasks);

}  // namespace moestro
