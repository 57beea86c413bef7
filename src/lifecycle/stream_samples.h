// The tasks of a stream as a frozen encoder reads them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "moestro/lifecycle/continual_recipe.h"
#include "moestro/train/task_learner.h"
#include "stream_encoder.h"
#include "stream_tasks.h"

namespace moestro {

struct StreamSamples {
  std::vector<StreamTask> tasks;
  std::vector<std::string> digests;
  std::vector<TaskSamples> train, measured;       // measured: test or validation rows
  std::vector<Tensor> train_unit, measured_unit;  // by the encoder, [N, D] on its device
  Tensor reference_unit;                          // undefined without stream.reference
};

// The first `streamed` task files as one stream, each of the others as a task added later. Throws
// UserError as load_task_stream or load_image_stream, whichever the encoder reads, and where rows
// that are to be measured are missing.
StreamSamples read_stream(const StreamConfig& stream, int64_t streamed,
                          const std::filesystem::path& data_root, uint64_t seed,
                          const StreamEncoder& encoder);

}  // namespace moestro
