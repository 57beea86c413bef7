// The tasks of a stream as a frozen encoder reads them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "continual_progress.h"
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

// The first progress.streamed task files as one stream, each of the others as a task added later.
// Throws UserError as load_task_stream or load_image_stream, whichever the encoder reads; for a
// task that is not what progress.digests says; and where rows that are to be measured are missing.
StreamSamples read_stream(const ContinualRecipe& recipe, const ContinualProgress& progress,
                          const std::filesystem::path& data_root, const StreamEncoder& encoder);

// Throws UserError where that would find a task changed; embeds nothing.
void check_same_tasks(const ContinualRecipe& recipe, const ContinualProgress& progress,
                      const std::filesystem::path& data_root, const StreamEncoder& encoder);

}  // namespace moestro
