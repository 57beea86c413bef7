#include "stream_readers.h"

#include <algorithm>
#include <map>

#include <ATen/Functions.h>

#include "moestro/core/error.h"
#include "moestro/data/fit_images.h"
#include "moestro/lifecycle/embeddings.h"

namespace moestro {
namespace {

// Two texts may differ and be the same pieces, unknown words above all.
void check_different(const TextTask& task, const TokenIds& prompts) {
  std::map<std::vector<int64_t>, int64_t> seen;
  const auto* ids = prompts.ids_M.const_data_ptr<int64_t>();
  const auto* offsets = prompts.offsets_S.const_data_ptr<int64_t>();
  for (int64_t c = 0; c < task.classes(); ++c) {
    const auto [twin, is_new] =
        seen.emplace(std::vector(ids + offsets[c], ids + offsets[c + 1]), c);
    if (!is_new)
      throw UserError(
          "{}: the encoder sees no difference between the prompts of {} and {}; "
          "expected other words",
          task.name, task.class_names[static_cast<size_t>(twin->second)],
          task.class_names[static_cast<size_t>(c)]);
  }
}

// Unit vectors of rows of the classes, their normalised means.
Tensor class_means(const Tensor& unit_ND, const Tensor& targets_N, int64_t classes) {
  const Tensor sum_CD = at::zeros({classes, unit_ND.size(1)}, at::kDouble)
                            .index_add_(0, targets_N, unit_ND.cpu().to(at::kDouble));
  return sum_CD.div(sum_CD.norm(2, {1}, /*keepdim=*/true).clamp_min(1e-12)).to(at::kFloat);
}

}  // namespace

TextReader::TextReader(const StreamConfig& stream, const PretrainedEncoder& encoder)
    : stream_(stream), encoder_(encoder), pieces_(stream.encoder) {
  check_fits(stream.encoder, pieces_, encoder);
}

TokenIds TextReader::ids(const std::vector<std::string>& texts, int64_t longest) const {
  return encode_texts(pieces_, texts, std::min(longest, encoder_.longest()));
}

int64_t TextReader::longest(const TextTask& task) const {
  return task.longest > 0 ? task.longest : stream_.longest;
}

std::shared_ptr<const EncoderInputs> TextReader::inputs(const TextTask& task,
                                                        const LabelledTexts& part) const {
  return std::make_shared<TextInputs>(ids(part.texts, longest(task)));
}

Tensor TextReader::class_vectors(const TextTask& task) const {
  const TokenIds prompts = ids(task.prompts, encoder_.longest());
  check_different(task, prompts);
  return embed_texts(encoder_, prompts);
}

std::shared_ptr<const EncoderInputs> ImageReader::inputs(const Tensor& pixels_NCHW,
                                                         const std::string& where) const {
  try {
    return std::make_shared<ImageInputs>(fit_images(pixels_NCHW, encoder_.image_shape()),
                                         encoder_.tokens());
  } catch (const UserError& error) {
    throw UserError("{}: {}", where, error.what());
  }
}

std::shared_ptr<const EncoderInputs> ImageReader::inputs(const ImageTask& task,
                                                         const LabelledImages& part) const {
  return inputs(part.pixels_NCHW, fmt::format("task \"{}\"", task.name));
}

Tensor ImageReader::class_vectors(const ImageTask& task) const {
  return class_means(embed_all(encoder_, *inputs(task, task.support)), task.support.targets_N,
                     task.classes());
}

}  // namespace moestro
