#include "moestro/train/encoder_inputs.h"

#include <algorithm>

#include <ATen/Functions.h>

#include "moestro/core/error.h"
#include "moestro/core/on_device.h"

namespace moestro {

EncoderBatch TextInputs::batch(const Tensor& samples_B, c10::Device device) const {
  const TokenBatch some = select_texts(texts_, samples_B);
  return {on_device(some.ids_N, device), Packing(some.lengths_B, device)};
}

std::shared_ptr<const EncoderInputs> TextInputs::select(const Tensor& samples_M) const {
  const TokenBatch batch = select_texts(texts_, samples_M);
  TokenIds some = texts_;
  some.ids_M = batch.ids_N;
  some.offsets_S = at::cat({at::zeros({1}, at::kLong), batch.lengths_B.cumsum(0)});
  if (texts_.targets_N.defined()) some.targets_N = texts_.targets_N.index_select(0, samples_M);
  return std::make_shared<TextInputs>(std::move(some));
}

std::vector<Tensor> TextInputs::batches(int64_t rows) const {
  return batches_by_length(texts_.lengths_N(), rows);
}

ImageInputs::ImageInputs(Tensor pixels_NCHW, int64_t tokens)
    : pixels_NCHW_(std::move(pixels_NCHW)), tokens_(tokens) {
  MOESTRO_CHECK(pixels_NCHW_.dim() == 4 && tokens_ > 0);
}

EncoderBatch ImageInputs::batch(const Tensor& samples_B, c10::Device device) const {
  return {on_device(pixels_NCHW_.index_select(0, samples_B), device),
          Packing(samples_B.size(0), tokens_, device)};
}

std::shared_ptr<const EncoderInputs> ImageInputs::select(const Tensor& samples_M) const {
  return std::make_shared<ImageInputs>(pixels_NCHW_.index_select(0, samples_M), tokens_);
}

std::vector<Tensor> ImageInputs::batches(int64_t rows) const {
  if (count() == 0) return {};
  return at::arange(count(), at::kLong).split(std::max<int64_t>(rows / tokens_, 1));
}

}  // namespace moestro
