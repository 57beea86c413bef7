#include "moestro/nn/model_config.h"

#include "moestro/core/schema.h"

namespace moestro {
namespace {

const std::vector<std::string> kTransformers = {"encoder", "vit", "translator"};

void describe_blocks(Section& section, ModelConfig& model) {
  const auto field = [&](const char* name, auto& value, const char* meaning) -> Field& {
    return section.field(name, value, meaning).only_when("model.kind", kTransformers);
  };
  field("width", model.width, "numbers that stand for a token or patch, D")
      .at_least(1)
      .at_most(65536);
  field("heads", model.heads, "attention heads; they divide the width").at_least(1).at_most(1024);
  field("depth", model.depth, "blocks, of a translator's encoder and of its decoder")
      .at_least(1)
      .at_most(1024);
  field("hidden", model.hidden, "hidden width of a feed-forward layer")
      .at_least(1)
      .at_most(1048576);
  field("activation", model.activation, "inside a feed-forward layer; swiglu: silu(g) * u")
      .one_of({"relu", "gelu", "swiglu"});
  field("norm", model.norm, "LayerNorm, or RMSNorm").one_of({"layer", "rms"});
  field("norm_first", model.norm_first,
        "x + f(norm(x)) and a norm behind the last block; otherwise norm(x + f(x))");
  field("positions", model.positions,
        "how a token's place is told: a learned vector, sines and cosines, or rotated queries and "
        "keys")
      .one_of({"learned", "sinusoidal", "rotary"});
  field("dropout", model.dropout,
        "of embeddings, of what a block adds, and of what the answer is read from")
      .at_least(0)
      .below(1);
  field("bias", model.bias, "of attention and feed-forward layers");
  field("share_depth", model.share_depth,
        "one block's layers at every depth, with norms of their own");
}

void describe_mixture_layers(Section& section, ModelConfig& model) {
  const auto field = [&](const char* name, auto& value, const char* meaning) -> Field& {
    return section.field(name, value, meaning).only_when("model.kind", kTransformers);
  };
  field("mixture_every", model.mixture_every,
        "every how manieth block has a mixture in the place of its feed-forward layer, the last of "
        "each such; with expert.count = 1 one expert")
      .at_least(1);
  field("expert_hidden", model.expert_hidden, "hidden width of an expert; 0: model.hidden")
      .at_least(0)
      .at_most(1048576);
  field("route", model.route,
        "what a gate decides by: each token; or once for all tokens of a text or image, by their "
        "mean or the first of them (a translator's decoder always by token)")
      .one_of({"token", "mean", "first"});
  field("shared", model.shared, "experts that every token meets besides the chosen")
      .at_least(0)
      .at_most(1024);
  section.field("shared_hidden", model.shared_hidden, "their hidden width; 0: as the others have")
      .at_least(0)
      .at_most(1048576)
      .only_when("model.shared", {"*"});
  section.field("shared_gate", model.shared_gate, "each is multiplied by a sigmoid of the token")
      .only_when("model.shared", {"*"});
}

}  // namespace

void describe(Schema& schema, ModelConfig& model) {
  Section& section = schema.section(
      "model",
      "What is trained: a mixture of whole networks, or a Transformer, whose feed-forward layers "
      "are mixtures where expert.count is above 1.");
  section
      .field("kind", model.kind,
             "mixture: of whole networks, expert.layers; encoder: a Transformer that reads a text; "
             "vit: one that reads an image in patches; translator: an encoder and a decoder")
      .one_of({"mixture", "encoder", "vit", "translator"});
  describe_blocks(section, model);
  section
      .field("pooling", model.pooling,
             "what the answer is read from: the mean of the last block's tokens, or the first "
             "(of images a class token)")
      .one_of({"mean", "first"})
      .only_when("model.kind", {"encoder", "vit"});
  section.field("patch", model.patch, "side of a patch in pixels; it divides the image's sides")
      .at_least(1)
      .only_when("model.kind", {"vit"});
  describe_mixture_layers(section, model);
  section.field("beam", model.beam, "translations kept beside each other in the search; 1: greedy")
      .at_least(1)
      .at_most(64)
      .only_when("model.kind", {"translator"});
  section
      .field("length_penalty", model.length_penalty,
             "a: a translation's score is its log probability / length^a")
      .at_least(0)
      .only_when("model.kind", {"translator"});
}

TransformerShape transformer_shape(const ModelConfig& model, const GateConfig& gate,
                                   int64_t experts, int64_t longest) {
  TransformerShape shape;
  shape.width = model.width;
  shape.heads = model.heads;
  shape.depth = model.depth;
  shape.hidden = model.hidden;
  shape.activation = model.activation == "relu"   ? FeedForwardKind::relu
                     : model.activation == "gelu" ? FeedForwardKind::gelu
                                                  : FeedForwardKind::swiglu;
  shape.norm = model.norm == "rms" ? NormKind::rms : NormKind::layer;
  shape.norm_first = model.norm_first;
  shape.share_depth = model.share_depth;
  shape.positions = model.positions == "learned"      ? PositionKind::learned
                    : model.positions == "sinusoidal" ? PositionKind::sinusoidal
                                                      : PositionKind::rotary;
  shape.longest = longest;
  shape.bias = model.bias;
  shape.dropout = model.dropout;
  MixtureShape& mixture = shape.mixture;
  mixture.every = model.mixture_every;
  mixture.hidden = model.expert_hidden;
  if (experts == 1) return shape;
  mixture.experts = experts;
  mixture.gate = gate;
  mixture.route = model.route == "token"  ? RouteBy::token
                  : model.route == "mean" ? RouteBy::mean
                                          : RouteBy::first;
  mixture.shared = model.shared;
  mixture.shared_hidden = model.shared_hidden;
  mixture.shared_gate = model.shared_gate;
  return shape;
}

Pooling pooling_of(const ModelConfig& model) {
  return model.pooling == "first" ? Pooling::first : Pooling::mean;
}

BeamOptions beam_options(const ModelConfig& model, int64_t longest) {
  return {.beam = model.beam, .length_penalty = model.length_penalty, .longest = longest};
}

}  // namespace moestro
