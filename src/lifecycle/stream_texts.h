// The tasks of a stream as a frozen encoder reads them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "moestro/data/task_stream.h"
#include "moestro/lifecycle/continual_recipe.h"
#include "moestro/train/pretrained_encoder.h"
#include "moestro/train/task_learner.h"

namespace moestro {

struct StreamTexts {
  std::vector<std::string> names, digests;
  std::vector<TaskTexts> train, measured;         // measured: test or validation rows
  std::vector<Tensor> train_unit, measured_unit;  // by the encoder, [N, D] on its device
  Tensor reference_unit;                          // undefined without stream.reference
};

// Of weights, configuration and tokenizer.
std::string encoder_digest(const std::filesystem::path& folder);

// The first `streamed` task files as one stream, each of the others as a task added later. Throws
// UserError as load_task_stream, and where rows that are to be measured are missing.
StreamTexts read_stream(const StreamConfig& stream, int64_t streamed,
                        const std::filesystem::path& data_root, uint64_t seed,
                        const PretrainedEncoder& encoder);

}  // namespace moestro
