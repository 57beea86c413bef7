#include "moestro/nn/transformer.h"

#include <algorithm>

#include <ATen/ATen.h>

#include "moestro/core/error.h"
#include "moestro/nn/sides.h"
#include "transformer/block.h"

namespace moestro {
namespace {

void check_shape(const TransformerShape& shape, bool causal) {
  MOESTRO_CHECK(shape.width > 0 && shape.heads > 0 && shape.depth > 0 && shape.hidden > 0 &&
                shape.mixture.every > 0 && shape.dropout >= 0 && shape.dropout < 1);
  if (shape.width % shape.heads != 0)
    throw UserError("model.width = {} and model.heads = {}; expected heads that divide the width",
                    shape.width, shape.heads);
  if (shape.positions == PositionKind::rotary && shape.width / shape.heads % 2 != 0)
    throw UserError("model.positions = \"rotary\" with heads of width {}; expected an even one",
                    shape.width / shape.heads);
  if (shape.positions == PositionKind::sinusoidal && shape.width % 2 != 0)
    throw UserError("model.positions = \"sinusoidal\" with model.width = {}; expected an even one",
                    shape.width);
  if (shape.share_depth && shape.mixture.every != 1)
    throw UserError(
        "model.mixture_every = {} with model.share_depth; expected 1, since all blocks share one "
        "layer",
        shape.mixture.every);
  if (causal && shape.mixture.experts > 0 && shape.mixture.route != RouteBy::token)
    throw UserError(
        "model.route = \"{}\" decides by a whole sentence, and this one still grows; expected "
        "\"token\"",
        shape.mixture.route == RouteBy::mean ? "mean" : "first");
}

// A block in the place of a mixture layer; with one expert that is an ordinary feed-forward layer.
bool in_mixture_place(const TransformerShape& shape, int64_t block) {
  return (block + 1) % shape.mixture.every == 0;
}

BlockKind block_kind(const TransformerShape& shape, Transformer::Kind kind, int64_t block) {
  const MixtureShape& mixture = shape.mixture;
  const bool place = in_mixture_place(shape, block);
  return {.causal = kind != Transformer::Kind::encoder,
          .cross = kind == Transformer::Kind::decoder,
          .mixture = place && mixture.experts > 0,
          .hidden = place && mixture.hidden > 0 ? mixture.hidden : shape.hidden};
}

}  // namespace

struct Transformer::Parts {
  std::vector<std::shared_ptr<const BlockBody>> bodies;  // each once
  std::vector<Block> blocks;
  std::optional<Norm> last_norm;
};

struct Transformer::State::Blocks {
  std::vector<BlockState> of;
};

Transformer::State::State() : blocks_(std::make_unique<Blocks>()) {}
Transformer::State::~State() = default;
Transformer::~Transformer() = default;
Transformer::Transformer(Transformer&&) noexcept = default;

Transformer::Transformer(Kind kind, const TransformerShape& shape, const std::string& name,
                         uint64_t seed)
    : kind_(kind), shape_(shape), parts_(std::make_unique<Parts>()) {
  check_shape(shape, kind != Kind::encoder);
  for (int64_t i = 0; i < shape.depth; ++i) {
    const BlockKind block = block_kind(shape, kind, i);
    const std::string block_name = fmt::format("{}.{}", name, i);
    if (i == 0 || !shape.share_depth)
      parts_->bodies.push_back(
          make_body(shape, block, shape.share_depth ? name + ".shared" : block_name, seed));
    parts_->blocks.emplace_back(shape, block, block_name, seed, parts_->bodies.back());
  }
  if (shape.norm_first)
    parts_->last_norm.emplace(shape.norm, LayerSetting{name + ".norm", 1, seed}, shape.width,
                              shape.epsilon);
}

TransformerOutput Transformer::forward(const Tensor& x_ND, const Packing& rows,
                                       const ForwardContext& context, const TraceNeeds& needs,
                                       const Memory* memory, Sides* sides) const {
  MOESTRO_CHECK((kind_ == Kind::decoder) == (memory != nullptr), "a decoder needs a memory");
  TransformerOutput output{x_ND, {}};
  for (size_t i = 0; i < parts_->blocks.size(); ++i) {
    Side side;
    if (sides)
      side = [&](const Tensor& x) {
        return sides->forward(static_cast<int64_t>(i), x, rows, context);
      };
    output.x_ND =
        parts_->blocks[i].forward(output.x_ND, rows, memory, context, needs, output.traces, side);
  }
  if (parts_->last_norm) output.x_ND = (*parts_->last_norm)(output.x_ND);
  return output;
}

std::unique_ptr<Transformer::State> Transformer::begin(const Memory* memory, int64_t beam) const {
  MOESTRO_CHECK(kind_ != Kind::encoder && (kind_ == Kind::decoder) == (memory != nullptr));
  auto state = std::make_unique<State>();
  for (const Block& block : parts_->blocks) {
    BlockState& kept = state->blocks_->of.emplace_back();
    if (!memory) continue;
    kept.memory = block.body().cross->keys_values(*memory);
    for (Tensor* tensor : {&kept.memory.keys_BHTd, &kept.memory.values_BHTd, &kept.memory.valid_BT})
      if (beam > 1 && tensor->defined()) *tensor = tensor->repeat_interleave(beam, 0);
  }
  return state;
}

Tensor Transformer::step(const Tensor& x_BD, State& state) const {
  const Packing rows(x_BD.size(0), 1, x_BD.device());
  Tensor x = x_BD;
  for (size_t i = 0; i < parts_->blocks.size(); ++i)
    x = parts_->blocks[i].step(x, rows, state.blocks_->of[i]);
  return parts_->last_norm ? (*parts_->last_norm)(x) : x;
}

void Transformer::State::select(const Tensor& from_B) {
  for (BlockState& block : blocks_->of)
    for (Tensor* tensor : {&block.past.keys_BHTd, &block.past.values_BHTd})
      if (tensor->defined()) *tensor = tensor->index_select(0, from_B);
}

std::vector<MixtureLayer*> Transformer::mixtures() const {
  std::vector<MixtureLayer*> layers;
  for (const auto& body : parts_->bodies)
    if (body->mixture) layers.push_back(body->mixture.get());
  return layers;
}

std::vector<MixtureName> Transformer::mixture_names() const {
  std::vector<MixtureName> names;
  for (const Block& block : parts_->blocks)
    if (const auto& layer = block.body().mixture)
      names.push_back({block.name(), layer->bank().experts()});
  return names;
}

void Transformer::after_step(std::span<const MixtureTrace> traces) {
  size_t next = 0;
  for (const Block& block : parts_->blocks)
    if (const auto& layer = block.body().mixture) layer->gate().after_step(traces[next++].routing);
  MOESTRO_CHECK(next == traces.size(), "{} traces of {} mixture layers", traces.size(), next);
}

std::vector<Parameter> Transformer::parameters() const {
  std::vector<Parameter> all;
  for (const auto& body : parts_->bodies) append(all, body->parameters());
  for (const Block& block : parts_->blocks) append(all, block.norms());
  if (parts_->last_norm) append(all, parts_->last_norm->parameters());
  return all;
}

std::vector<Buffer> Transformer::buffers() const {
  std::vector<Buffer> all;
  for (const auto& body : parts_->bodies) {
    if (!body->mixture) continue;
    const std::vector<Buffer> own = body->mixture->buffers();
    all.insert(all.end(), own.begin(), own.end());
  }
  return all;
}

// A body that blocks share meets a sentence once a block, and its weights are read once.
Cost Transformer::cost(int64_t tokens) const {
  const int64_t passes = std::ssize(parts_->blocks) / std::ssize(parts_->bodies);
  Cost cost;
  for (const auto& body : parts_->bodies)
    cost += body->cost(passes, tokens, kind_ != Kind::encoder);
  for (const Block& block : parts_->blocks) cost += cost_of_reading(block.norms());
  if (parts_->last_norm) cost += cost_of_reading(parts_->last_norm->parameters());
  return cost;
}

std::vector<std::string> Transformer::describe() const {
  std::vector<std::string> lines;
  for (const auto& body : parts_->bodies) {
    if (!body->mixture) continue;
    const std::vector<std::string> own = body->mixture->describe();
    lines.insert(lines.end(), own.begin(), own.end());
  }
  return lines;
}

}  // namespace moestro
