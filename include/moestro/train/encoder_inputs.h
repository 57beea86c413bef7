// Samples as a frozen encoder reads them, of whatever kind they are.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "moestro/data/token_ids.h"
#include "moestro/nn/packing.h"

namespace moestro {

struct EncoderBatch {
  Tensor inputs;  // token ids [N] of packed texts; uint8 images [B, C, H, W]
  Packing rows;   // of B samples
};

class EncoderInputs {
 public:
  virtual ~EncoderInputs() = default;

  virtual int64_t count() const = 0;
  virtual const char* noun() const = 0;  // "texts"
  // The listed samples (int64 [B], on the CPU), in that order.
  virtual EncoderBatch batch(const Tensor& samples_B, c10::Device device) const = 0;
  virtual std::shared_ptr<const EncoderInputs> select(const Tensor& samples_M) const = 0;
  // All samples in batches of at most so many rows (of one sample, where that alone has more).
  virtual std::vector<Tensor> batches(int64_t rows) const = 0;
};

class TextInputs : public EncoderInputs {
 public:
  explicit TextInputs(TokenIds texts) : texts_(std::move(texts)) {}

  int64_t count() const override { return texts_.texts(); }
  const char* noun() const override { return "texts"; }
  EncoderBatch batch(const Tensor& samples_B, c10::Device device) const override;
  std::shared_ptr<const EncoderInputs> select(const Tensor& samples_M) const override;
  std::vector<Tensor> batches(int64_t rows) const override;

 private:
  TokenIds texts_;
};

class ImageInputs : public EncoderInputs {
 public:
  // uint8, of the encoder's shape (data/fit_images.h); tokens: rows of one image.
  ImageInputs(Tensor pixels_NCHW, int64_t tokens);

  int64_t count() const override { return pixels_NCHW_.size(0); }
  const char* noun() const override { return "images"; }
  EncoderBatch batch(const Tensor& samples_B, c10::Device device) const override;
  std::shared_ptr<const EncoderInputs> select(const Tensor& samples_M) const override;
  std::vector<Tensor> batches(int64_t rows) const override;

 private:
  Tensor pixels_NCHW_;
  int64_t tokens_;
};

}  // namespace moestro
