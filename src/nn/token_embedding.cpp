#include "moestro/nn/token_embedding.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include <ATen/ATen.h>

#include "layers/dropout.h"
#include "layers/stacked.h"
#include "moestro/core/error.h"
#include "moestro/nn/positions.h"
#include "transformer/norm.h"
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
  const Tensor x_ND = at::embedding(live_one(tokens, 0, tokens.value.scalar_type()), ids_N);
  return embedding_.scaled ? x_ND * std::sqrt(static_cast<double>(shape_.width)) : x_ND;
}

// Before dropout; places below `longest`.
Tensor TokenEmbedding::placed(const Tensor& ids_N, const Tensor& positions_N, int64_t longest,
                              const ForwardContext& context) const {
  if (longest > shape_.longest)
    throw UserError("a sentence of {} tokens; expected at most {} (data.longest)", longest,
                    shape_.longest);
  Tensor x_ND = in_precision(vectors(ids_N), context);
  if (parts_->positions_1TD)
    x_ND =
        x_ND + at::embedding(live_one(*parts_->positions_1TD, 0, x_ND.scalar_type()), positions_N);
  else if (shape_.positions == PositionKind::sinusoidal)
    x_ND = x_ND + sinusoids(0, longest, shape_.width, x_ND.device())
                      .to(x_ND.scalar_type())
                      .index_select(0, positions_N);
  return parts_->norm ? (*parts_->norm)(x_ND) : x_ND;
}

Tensor TokenEmbedding::forward(const Tensor& ids_N, const Packing& rows,
                               const ForwardContext& context, const std::string& side) const {
  return with_dropout(placed(ids_N, rows.positions_N(), rows.longest(), context), shape_.dropout,
                      name_ + side, context);
}

std::pair<Tensor, Tensor> TokenEmbedding::forward(const Tensor& source_N,
                                                  const Packing& source_rows,
                                                  const Tensor& target_M,
                                                  const Packing& target_rows,
                                                  const ForwardContext& context) const {
  const auto parts = placed(at::cat({source_N, target_M}),
                            at::cat({source_rows.positions_N(), target_rows.positions_N()}),
                            std::max(source_rows.longest(), target_rows.longest()), context)
                         .split_with_sizes({source_rows.rows(), target_rows.rows()});
  return {with_dropout(parts[0], shape_.dropout, name_ + ".source", context),
          with_dropout(parts[1], shape_.dropout, name_ + ".target", context)};
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
  return x_ND.matmul(live_one(parts_->tokens_1VD, 0, x_ND.scalar_type()).t());
}

Cost TokenEmbedding::cost(int64_t tokens, bool scored) const {
  const int64_t vectors = scored ? vocabulary() : std::min(tokens, vocabulary());
  const int64_t places = parts_->positions_1TD ? tokens : 0;
  Cost cost{0, static_cast<double>((vectors + places) * shape_.width)};
  if (scored) cost.operations = 2 * static_cast<double>(tokens * vocabulary() * shape_.width);
  if (parts_->norm) cost += cost_of_reading(parts_->norm->parameters());
  return cost;
}

std::vector<Parameter> TokenEmbedding::parameters() const {
  std::vector<Parameter> all{parts_->tokens_1VD};
  if (parts_->positions_1TD) all.push_back(*parts_->positions_1TD);
  if (parts_->norm) append(all, parts_->norm->parameters());
  return all;
}

}  // namespace moestro
