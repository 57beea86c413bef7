// Images changed at random, a whole batch at a time: "flip" mirrors left to right every other image
// (drawn), "crop 4" shifts each by -4 .. 4 pixels both ways, zeros moved in, "crop 4 reflect" moves
// in mirrored pixels (without the edge pixel twice). Zero is black: before normalisation.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "moestro/core/random.h"
#include "moestro/core/tensor.h"
#include "moestro/data/dataset.h"

namespace moestro {

class Augmentation {
 public:
  Augmentation() = default;  // none

  // Throws UserError "data.augment: ..." for an unknown word, a missing or bad number, a step named
  // twice.
  static Augmentation parse(const std::vector<std::string>& steps);

  bool empty() const { return !flip_ && crop_ == 0; }

  // Throws UserError unless the set holds images larger than the crop.
  void check(const Dataset& dataset) const;

  // images [B, C, H, W] of any type, on any device; what is drawn is the same on all. The draws are
  // keyed by (seed, augment, step).
  Tensor apply(const Tensor& images, uint64_t seed, uint64_t step) const;

 private:
  bool flip_ = false, reflect_ = false;
  int64_t crop_ = 0;
};

}  // namespace moestro
