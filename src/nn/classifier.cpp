#include "moestro/nn/classifier.h"

#include <ATen/core/Tensor.h>

#include "layers/dropout.h"
#include "moestro/nn/sentences.h"
#include "transformer/projection.h"

namespace moestro {
namespace {

constexpr const char* kHead = "head";

PatchShape with_class_token(PatchShape patches, Pooling pooling) {
  patches.class_token = pooling == Pooling::first;
  return patches;
}

}  // namespace

struct Classifier::Head {
  Projection projection;
};

struct Classifier::Rows {
  Tensor x_ND;
  Packing packing;
};

Classifier::~Classifier() = default;

Classifier::Classifier(const TransformerShape& shape, int64_t vocabulary, const AnswerShape& answer,
                       uint64_t seed)
    : answer_(answer),
      dropout_(shape.dropout),
      tokens_(std::in_place, EmbeddingShape{vocabulary}, shape, "embeddings", seed),
      encoder_(Transformer::Kind::encoder, shape, "encoder", seed),
      head_(new Head{Projection({kHead, 1, seed}, shape.width, answer.count)}) {}

Classifier::Classifier(const TransformerShape& shape, PatchShape patches, const AnswerShape& answer,
                       uint64_t seed)
    : answer_(answer),
      dropout_(shape.dropout),
      patches_(std::in_place, with_class_token(patches, answer.pooling), shape, "embeddings", seed),
      encoder_(Transformer::Kind::encoder, shape, "encoder", seed),
      head_(new Head{Projection({kHead, 1, seed}, shape.width, answer.count)}) {}

Classifier::Rows Classifier::rows_of(const Tensor& inputs, const ForwardContext& context) const {
  if (tokens_) {
    const Sentences texts = pack_sentences(inputs);
    return {tokens_->forward(texts.ids_N, texts.rows, context), texts.rows};
  }
  return {patches_->forward(in_precision(inputs, context), context),
          Packing(inputs.size(0), patches_->tokens(), inputs.device())};
}

ModelOutput Classifier::forward(const Tensor& inputs, const ForwardContext& context,
                                const TraceNeeds& needs) const {
  const auto [x_ND, rows] = rows_of(inputs, context);
  TransformerOutput encoded = encoder_.forward(x_ND, rows, context, needs);
  const Tensor pooled_BD =
      answer_.pooling == Pooling::mean ? rows.mean(encoded.x_ND) : rows.first(encoded.x_ND);
  const Tensor dropped_BD = with_dropout(pooled_BD, dropout_, kHead, context);
  return {head_->projection(dropped_BD), std::move(encoded.traces)};
}

void Classifier::after_step(const std::vector<MixtureTrace>& traces) {
  encoder_.after_step(traces);
}

Cost Classifier::cost(int64_t tokens) const {
  Cost cost = tokens_ ? tokens_->cost(tokens) : patches_->cost();
  cost += encoder_.cost(tokens_ ? tokens : patches_->tokens());
  cost += cost_of_products(head_->projection.parameters(), 1);
  return cost;
}

std::vector<Parameter> Classifier::parameters() const {
  std::vector<Parameter> all = tokens_ ? tokens_->parameters() : patches_->parameters();
  append(all, encoder_.parameters());
  append(all, head_->projection.parameters());
  return all;
}

}  // namespace moestro
