#include "block.h"

#include <ATen/ATen.h>

#include "../layers/dropout.h"
#include "moestro/core/random.h"

namespace moestro {
namespace {

LayerSetting setting(const std::string& name, uint64_t seed) {
  return {name, 1, seed};
}

}  // namespace

std::vector<Parameter> BlockBody::parameters() const {
  std::vector<Parameter> all = self.parameters();
  if (cross) append(all, cross->parameters());
  append(all, mixture ? mixture->parameters() : feed_forward->parameters());
  return all;
}

Cost BlockBody::cost(int64_t sentences, int64_t tokens, bool causal) const {
  Cost cost = self.cost(sentences, tokens, causal);
  if (cross) cost += cross->cost(sentences, tokens);
  cost += mixture ? mixture->cost(sentences, tokens)
                  : feed_forward->cost().times(static_cast<double>(sentences * tokens), 1);
  return cost;
}

std::shared_ptr<const BlockBody> make_body(const TransformerShape& shape, BlockKind kind,
                                           const std::string& name, uint64_t seed) {
  auto body = std::make_shared<BlockBody>(
      BlockBody{SelfAttention(shape, setting(name + ".attention", seed)), {}, {}, nullptr});
  if (kind.cross) body->cross.emplace(shape, setting(name + ".cross_attention", seed));
  if (kind.mixture)
    body->mixture = std::make_unique<MixtureLayer>(shape, name + ".mixture", seed);
  else
    body->feed_forward.emplace(
        FeedForwardShape{shape.width, kind.hidden, shape.activation, shape.bias},
        name + ".feed_forward", 1, seed);
  return body;
}

Block::Block(const TransformerShape& shape, BlockKind kind, const std::string& name, uint64_t seed,
             std::shared_ptr<const BlockBody> body)
    : name_(name),
      norm_first_(shape.norm_first),
      causal_(kind.causal),
      dropout_(shape.dropout),
      attention_norm_(shape.norm, setting(name + ".attention_norm", seed), shape.width,
                      shape.epsilon),
      feed_forward_norm_(shape.norm, setting(name + ".feed_forward_norm", seed), shape.width,
                         shape.epsilon),
      body_(std::move(body)) {
  if (kind.cross)
    cross_norm_.emplace(shape.norm, setting(name + ".cross_attention_norm", seed), shape.width,
                        shape.epsilon);
}

template <class Part>
Tensor Block::added(const Tensor& x, const Norm& norm, const char* part,
                    const ForwardContext& context, const Part& f, const Tensor& beside) const {
  const auto sum = [&](const Tensor& y) {
    const Tensor z = x + with_dropout(y, dropout_, fmt::format("{}.{}", name_, part), context);
    return beside.defined() ? z + beside : z;
  };
  return norm_first_ ? sum(f(norm(x))) : norm(sum(f(x)));
}

Tensor Block::forward(const Tensor& x_ND, const Packing& rows, const Memory* memory,
                      const ForwardContext& context, const TraceNeeds& needs,
                      std::vector<MixtureTrace>& traces, const Side& side) const {
  Tensor x = added(x_ND, attention_norm_, "attention", context,
                   [&](const Tensor& y) { return body_->self.forward(y, rows, causal_); });
  if (body_->cross)
    x = added(x, *cross_norm_, "cross_attention", context,
              [&](const Tensor& y) { return body_->cross->forward(y, rows, *memory); });
  return added(
      x, feed_forward_norm_, "feed_forward", context,
      [&](const Tensor& y) { return feed_forward(y, rows, context, needs, traces); },
      side ? side(x) : Tensor());
}

Tensor Block::feed_forward(const Tensor& x_ND, const Packing& rows, const ForwardContext& context,
                           const TraceNeeds& needs, std::vector<MixtureTrace>& traces) const {
  if (!body_->mixture) return body_->feed_forward->forward_one(0, x_ND);
  // Blocks may share the layer, but neither its noise nor its name.
  ForwardContext own = context;
  own.seed = RandomKey{context.seed, Stream::noise, name_, 0}.hash();
  if (own.forced && own.forced->layer != name_) own.forced.reset();
  MixtureLayerOutput output = body_->mixture->forward(x_ND, rows, own, needs);
  output.trace.layer = name_;
  traces.push_back(std::move(output.trace));
  return output.y_ND;
}

Tensor Block::step(const Tensor& x_BD, const Packing& rows, BlockState& state) const {
  const ForwardContext evaluation;
  std::vector<MixtureTrace> traces;
  Tensor x = added(x_BD, attention_norm_, "attention", evaluation,
                   [&](const Tensor& y) { return body_->self.step(y, state.past); });
  if (body_->cross)
    x = added(x, *cross_norm_, "cross_attention", evaluation,
              [&](const Tensor& y) { return body_->cross->step(y, state.memory); });
  return added(x, feed_forward_norm_, "feed_forward", evaluation,
               [&](const Tensor& y) { return feed_forward(y, rows, evaluation, {}, traces); });
}

std::vector<Parameter> Block::norms() const {
  std::vector<Parameter> all = attention_norm_.parameters();
  if (cross_norm_) append(all, cross_norm_->parameters());
  append(all, feed_forward_norm_.parameters());
  return all;
}

}  // namespace moestro
