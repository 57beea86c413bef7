#include "moestro/nn/patch_embedding.h"

#include <cmath>
#include <optional>

#include <ATen/ATen.h>

#include "layers/dropout.h"
#include "layers/stacked.h"
#include "moestro/core/error.h"
#include "moestro/nn/positions.h"
#include "transformer/projection.h"

namespace moestro {

struct PatchEmbedding::Parts {
  Projection projection;
  std::optional<Parameter> positions_1TD, class_11D;
};

PatchEmbedding::~PatchEmbedding() = default;
PatchEmbedding::PatchEmbedding(PatchEmbedding&&) noexcept = default;

PatchEmbedding::PatchEmbedding(const PatchShape& patches, const TransformerShape& shape,
                               const std::string& name, uint64_t seed)
    : patches_(patches), shape_(shape), name_(name) {
  const int64_t side = patches.patch;
  if (patches.height % side != 0 || patches.width % side != 0)
    throw UserError("model.patch = {} does not tile images of {} x {}; expected a divisor of both",
                    side, patches.height, patches.width);
  const LayerSetting setting{name, 1, seed};
  parts_ = std::make_unique<Parts>(
      Parts{Projection(part_of(setting, "patches"), patches.channels * side * side, shape.width),
            {},
            {}});
  const double bound = std::sqrt(3.) * .02;  // of a uniform distribution of that deviation
  if (shape.positions == PositionKind::learned)
    parts_->positions_1TD = draw_parameter(setting, "positions", {tokens(), shape.width}, bound);
  if (patches.class_token)
    parts_->class_11D = draw_parameter(setting, "class", {1, shape.width}, bound);
}

int64_t PatchEmbedding::tokens() const {
  const int64_t side = patches_.patch;
  return patches_.height / side * (patches_.width / side) + (patches_.class_token ? 1 : 0);
}

Tensor PatchEmbedding::forward(const Tensor& x_BCHW, const ForwardContext& context) const {
  const int64_t side = patches_.patch, images = x_BCHW.size(0);
  const Tensor patches_BTP = x_BCHW
                                 .view({images, patches_.channels, patches_.height / side, side,
                                        patches_.width / side, side})
                                 .permute({0, 2, 4, 1, 3, 5})
                                 .reshape({images, -1, patches_.channels * side * side});
  Tensor x_BTD = parts_->projection(patches_BTP.flatten(0, 1)).view({images, -1, shape_.width});
  const at::ScalarType type = x_BTD.scalar_type();
  if (parts_->class_11D)
    x_BTD = at::cat({live(*parts_->class_11D, {0, 1}, type).expand({images, 1, -1}), x_BTD}, 1);
  if (parts_->positions_1TD)
    x_BTD = x_BTD + live(*parts_->positions_1TD, {0, 1}, type);
  else if (shape_.positions == PositionKind::sinusoidal)
    x_BTD = x_BTD + sinusoids(0, tokens(), shape_.width, x_BTD.device()).to(type);
  return with_dropout(x_BTD.flatten(0, 1), shape_.dropout, name_, context);
}

Cost PatchEmbedding::cost() const {
  const int64_t patches = tokens() - (patches_.class_token ? 1 : 0);
  const double operations =
      cost_of_products(parts_->projection.parameters(), static_cast<double>(patches)).operations;
  return {operations, cost_of_reading(parameters()).weights};
}

std::vector<Parameter> PatchEmbedding::parameters() const {
  std::vector<Parameter> all = parts_->projection.parameters();
  if (parts_->positions_1TD) all.push_back(*parts_->positions_1TD);
  if (parts_->class_11D) all.push_back(*parts_->class_11D);
  return all;
}

}  // namespace moestro
