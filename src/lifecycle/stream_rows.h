// New rows for a stream that is learned, as its encoder reads them.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "moestro/lifecycle/continual_recipe.h"
#include "moestro/train/encoder_inputs.h"
#include "stream_encoder.h"

namespace moestro {

struct StreamRows {
  int64_t count = 0;
  // The listed ones (int64 [M], on the CPU), in that order; texts are cut at so many tokens.
  std::function<std::shared_ptr<const EncoderInputs>(const Tensor& rows_M, int64_t longest)> inputs;
};

// what: FILE.txt or .txt.gz, a text a line; of images as load_new_images. stream and encoder must
// outlive the rows. Throws UserError for another file, one without a line, and a data_root of
// texts.
StreamRows read_stream_rows(const StreamConfig& stream, const StreamEncoder& encoder,
                            const std::string& what, const std::filesystem::path& data_root);

}  // namespace moestro
