// The frozen encoder that stream.encoder names, of whichever kind.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "moestro/lifecycle/continual_recipe.h"
#include "moestro/train/image_encoder.h"
#include "moestro/train/pretrained_encoder.h"

namespace moestro {

struct StreamEncoder {
  // The one or the other.
  std::shared_ptr<const PretrainedEncoder> texts;
  std::shared_ptr<const ImageEncoder> images;
  std::string digest;  // of weights, configuration and what prepares samples

  std::shared_ptr<const FrozenEncoder> encoder() const;
};

// Throws UserError as PretrainedEncoder and TrainedRun; for a folder that is neither kind's, a run
// that is not finished or reads no images, and keys that have no effect beside this encoder.
StreamEncoder open_stream_encoder(const StreamConfig& stream, c10::Device device,
                                  c10::ScalarType precision);

// Throws UserError unless the run was begun with this one: classes and gates mean something to one
// encoder only. digest: of the one that it was begun with.
void check_same_encoder(const StreamEncoder& encoder, const std::string& digest,
                        const StreamConfig& stream, const std::filesystem::path& run);

}  // namespace moestro
