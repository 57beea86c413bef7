// Images changed at random, a whole batch at a time: "flip" mirrors left to right every other image
// (drawn), "crop 4" shifts each by -4 .. 4 pixels both ways, zeros moved in, "crop 4 reflect" moves
// in mirrored pixels (without the edge pixel twice). Zero is black: before normalisation.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <c10/core/Device.h>

#include "moestro/core/random.h"
#include "moestro/core/tensor.h"
#include "moestro/data/dataset.h"

namespace moestro {

// Of one image each; undefined where nothing of the kind is done.
struct AugmentDraws {
  Tensor y_B, x_B;   // int64, pixels to shift by
  Tensor flipped_B;  // bool

  AugmentDraws to(c10::Device device) const;
  AugmentDraws narrow(int64_t first, int64_t count) const;
  // Of several batches, one after the other.
  static AugmentDraws joined(const std::vector<AugmentDraws>& parts);
};

class Augmentation {
 public:
  Augmentation() = default;  // none

  // Throws UserError "data.augment: ..." for an unknown word, a missing or bad number, a step named
  // twice.
  static Augmentation parse(const std::vector<std::string>& steps);

  bool empty() const { return !flip_ && crop_ == 0; }

  // Throws UserError unless the set holds images larger than the crop.
  void check(const Dataset& dataset) const;

  // What happens to the images of a batch, keyed by (seed, augment, step): on the CPU, so that it
  // is the same on all devices.
  AugmentDraws draw(int64_t images, uint64_t seed, uint64_t step) const;

  // images [B, C, H, W] of any type, on any device; the draws on the same, or on the CPU.
  Tensor apply(const Tensor& images, const AugmentDraws& draws) const;

 private:
  bool flip_ = false, reflect_ = false;
  int64_t crop_ = 0;
};

}  // namespace moestro
