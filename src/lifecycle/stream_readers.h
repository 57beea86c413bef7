// What a stream's encoder reads of tasks and of new rows: of texts, or of images.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "moestro/data/image_task.h"
#include "moestro/data/task_file.h"
#include "moestro/data/word_pieces.h"
#include "moestro/lifecycle/continual_recipe.h"
#include "moestro/train/encoder_inputs.h"
#include "moestro/train/image_encoder.h"
#include "moestro/train/pretrained_encoder.h"

namespace moestro {

class TextReader {
 public:
  // Both must outlive it. Throws UserError for a tokenizer that does not fit the encoder.
  TextReader(const StreamConfig& stream, const PretrainedEncoder& encoder);

  // Texts are cut at so many tokens, at the encoder's positions at the latest.
  TokenIds ids(const std::vector<std::string>& texts, int64_t longest) const;
  int64_t longest(const TextTask& task) const;
  std::shared_ptr<const EncoderInputs> inputs(const TextTask& task,
                                              const LabelledTexts& part) const;
  // Of its prompts, [C, D] on the CPU. Throws UserError for two that are the same to the encoder.
  Tensor class_vectors(const TextTask& task) const;

 private:
  const StreamConfig& stream_;
  const PretrainedEncoder& encoder_;
  WordPieces pieces_;
};

class ImageReader {
 public:
  explicit ImageReader(const ImageEncoder& encoder) : encoder_(encoder) {}

  // uint8 [N, C, H, W] of any size. Throws UserError as fit_images, `where` in front.
  std::shared_ptr<const EncoderInputs> inputs(const Tensor& pixels_NCHW,
                                              const std::string& where) const;
  int64_t longest(const ImageTask&) const { return 0; }
  std::shared_ptr<const EncoderInputs> inputs(const ImageTask& task,
                                              const LabelledImages& part) const;
  // Normalised means of its support, [C, D] on the CPU.
  Tensor class_vectors(const ImageTask& task) const;

 private:
  const ImageEncoder& encoder_;
};

}  // namespace moestro
