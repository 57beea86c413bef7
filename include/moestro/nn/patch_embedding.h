// Images as rows for a Transformer: patches of P x P pixels, each projected to the width, with its
// place (Dosovitskiy et al. 2021).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "moestro/nn/cost.h"
#include "moestro/nn/forward_context.h"
#include "moestro/nn/parameter.h"
#include "moestro/nn/transformer_config.h"

namespace moestro {

struct PatchShape {
  int64_t channels = 1, height = 0, width = 0;  // of an image
  int64_t patch = 4;                            // P
  bool class_token = false;                     // a learned row before the patches
};

class PatchEmbedding {
 public:
  // Tensors "<name>.patches.weight" [1, C P P, D], ".bias", "<name>.positions" [1, T, D] (learned
  // ones), "<name>.class" [1, 1, D]. shape.longest does not matter. Throws UserError for patches
  // that do not tile the image.
  PatchEmbedding(const PatchShape& patches, const TransformerShape& shape, const std::string& name,
                 uint64_t seed);
  ~PatchEmbedding();
  PatchEmbedding(PatchEmbedding&&) noexcept;

  // x_BCHW -> [B * T, D], image by image, its patches row by row.
  Tensor forward(const Tensor& x_BCHW, const ForwardContext& context) const;

  const PatchShape& shape() const { return patches_; }
  int64_t tokens() const;  // T, of one image
  std::vector<Parameter> parameters() const;
  Cost cost() const;  // of one image

 private:
  struct Parts;

  PatchShape patches_;
  TransformerShape shape_;
  std::string name_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace moestro
