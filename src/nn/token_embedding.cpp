#include "moestro/nn/token_embedding.h"

#include <cmath>
#include <optional>

#include <ATen/ATen.h>

#include "layers/dropout.h"
#include "layers/stacked.h"
#include "moestro/core/error.h"
#include "transformer/norm.h"
#include "transformer/positions.h"
#include "transformer/projection.h"

namespace moestro {

struct TokenEmbedding::Parts {
  Parameter tokens_1VD;
  std::optional<Parameter> positions_1TD;
  std::optional<Norm> norm;
};

TokenEmbedding::~TokenEmbedding() = default;
TokenEmbedding::TokenEmbedding(TokenEmbedding&&) noexcept = default;

TokenEmbedding::TokenEmbedding(const EmbeddingShape& embedding, const TransformerShape& shape,
                               const std::string& name, uint64_t seed)
    : embedding_(embedding), shape_(shape), name_(name), parts_(std::make_unique<Parts>()) {
  const LayerSetting setting{name, 1, seed};
  const double deviation = embedding.scaled ? 1 / std::sqrt(static_cast<double>(shape.width)) : .02;
  const double bound = std::sqrt(3.) * deviation;  // of a uniform distribution
  parts_->tokens_1VD =
      draw_parameter(setting, "tokens", {embedding.vocabulary, shape.width}, bound);
  if (shape.positions == PositionKind::learned)
    parts_->positions_1TD =
        draw_parameter(setting, "positions", {shape.longest, shape.width}, bound);
  if (embedding.norm)
    parts_->norm.emplace(shape.norm, part_of(setting, "norm"), shape.width, shape.epsilon);
}

Tensor TokenEmbedding::vectors(const Tensor& ids_N) const {
  const Parameter& tokens = parts_->tokens_1VD;
  const Tensor x_ND =
      at::embedding(live(tokens, {0, 1}, tokens.value.scalar_type()).squeeze(0), ids_N);
  return embedding_.scaled ? x_ND * std::sqrt(static_cast<double>(shape_.width)) : x_ND;
}

Tensor TokenEmbedding::forward(const Tensor& ids_N, const Packing& rows,
                               const ForwardContext& context, const std::string& side) const {
  if (rows.longest() > shape_.longest)
    throw UserError("a sentence of {} tokens; expected at most {} (data.longest)", rows.longest(),
                    shape_.longest);
  Tensor x_ND = in_precision(vectors(ids_N), context);
  if (parts_->positions_1TD)
    x_ND = x_ND + at::embedding(live(*parts_->positions_1TD, {0, 1}, x_ND.scalar_type()).squeeze(0),
                                rows.positions_N());
  else if (shape_.positions == PositionKind::sinusoidal)
    x_ND = x_ND + sinusoids(0, rows.longest(), shape_.width, x_ND.device())
                      .to(x_ND.scalar_type())
                      .index_select(0, rows.positions_N());
  if (parts_->norm) x_ND = (*parts_->norm)(x_ND);
  return with_dropout(x_ND, shape_.dropout, name_ + side, context);
}

Tensor TokenEmbedding::at_place(const Tensor& ids_B, int64_t place,
                                const ForwardContext& context) const {
  MOESTRO_CHECK(place < shape_.longest, "place {} of {}", place, shape_.longest);
  Tensor x_BD = in_precision(vectors(ids_B), context);
  if (parts_->positions_1TD)
    x_BD = x_BD + parts_->positions_1TD->value[0][place].to(x_BD.scalar_type());
  else if (shape_.positions == PositionKind::sinusoidal)
    x_BD = x_BD + sinusoids(place, 1, shape_.width, x_BD.device())[0].to(x_BD.scalar_type());
  return parts_->norm ? (*parts_->norm)(x_BD) : x_BD;
}

Tensor TokenEmbedding::scores(const Tensor& x_ND) const {
  return x_ND.matmul(live(parts_->tokens_1VD, {0, 1}, x_ND.scalar_type()).squeeze(0).t());
}

std::vector<Parameter> TokenEmbedding::parameters() const {
  std::vector<Parameter> all{parts_->tokens_1VD};
  if (parts_->positions_1TD) all.push_back(*parts_->positions_1TD);
  if (parts_->norm) append(all, parts_->norm->parameters());
  return all;
}

}  // namespace moestro
