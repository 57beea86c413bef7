// A data set in batches: shuffled, gathered, augmented, normalised.
//
// What a batch holds depends on (seed, epoch, its number) only: a resumed run goes on at its
// position, and the timing of the prefetch thread changes nothing. uint8 images are gathered as
// uint8. Texts are cut to the longest of their batch, [B, T'], and so are translations. On a CUDA
// device the whole set lives there and batches are gathered there, without a thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <c10/core/Device.h>

#include "moestro/core/tensor.h"
#include "moestro/data/augment.h"
#include "moestro/data/dataset.h"
#include "moestro/data/normaliser.h"

namespace moestro {

struct Batch {
  Tensor inputs;     // float32 [B, ...], normalised and augmented; int32 token ids of texts
  Tensor targets_N;  // int64 classes; float32 values in standardised units (Normaliser::restore);
                     // int32 token ids of translations; undefined for rows without targets
  Tensor rows_N;     // int64, rows of the data set
};

struct BatchOptions {
  int64_t batch = 512;
  // Of texts, above 0: in place of `batch` rows a batch holds texts of like length with at most so
  // many tokens (source and target; padding is not counted, since models run on packed rows without
  // any; a longer text is a batch of its own). Which texts share a batch is settled once, by seed
  // among those of one length; `shuffle` orders the batches, and none is dropped.
  int64_t tokens = 0;
  bool shuffle = true;     // by (seed, order, epoch); otherwise the set's own order
  bool drop_last = false;  // the last, shorter batch
  bool prefetch = true;
  uint64_t seed = 0;
  c10::Device device = c10::kCPU;
};

template <class Item>
class Prefetch;

class Batches {
 public:
  Batches(const Dataset& dataset, const Normaliser& normaliser, const BatchOptions& options,
          const Augmentation& augmentation = {});
  ~Batches();
  Batches(const Batches&) = delete;
  Batches& operator=(const Batches&) = delete;

  int64_t steps_per_epoch() const;
  int64_t rows() const { return dataset_.rows(); }

  // Begins an epoch at a batch of it; what was running before is dropped.
  void start(int64_t epoch, int64_t first_batch = 0);

  // None at the epoch's end, or before the first start(). Throws what the prefetch thread met.
  std::optional<Batch> next();

 private:
  Batch make(int64_t batch) const;
  Tensor epoch_order();
  AugmentDraws epoch_draws() const;
  uint64_t step_of(int64_t batch) const;
  void measure_texts(const Tensor& order_N);

  Dataset dataset_;
  Normaliser normaliser_;
  BatchOptions options_;
  Augmentation augmentation_;
  std::vector<Tensor> batches_;          // their rows, where tokens are counted
  Tensor lengths_N_, target_lengths_N_;  // of texts, of translations
  // Of this epoch: the rows in their order, on the device, undefined for the set's own; where each
  // batch begins, and the last ends; of texts, the tokens of each batch's longest.
  Tensor order_N_;
  std::vector<int64_t> begins_, longest_, target_longest_;
  AugmentDraws draws_N_;  // of the epoch's rows in their order, where they live on a GPU
  int64_t epoch_ = 0, next_ = 0, end_ = 0;
  std::unique_ptr<Prefetch<Batch>> prefetch_;
};

}  // namespace moestro
