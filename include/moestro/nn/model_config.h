// The recipe's [model]: what kind of network it is, and what a Transformer is made of.
#pragma once

#include <cstdint>
#include <string>

#include "moestro/nn/beam_search.h"
#include "moestro/nn/classifier.h"
#include "moestro/nn/transformer_config.h"

namespace moestro {

class Schema;

struct ModelConfig {
  std::string kind = "mixture";  // mixture, encoder, vit, translator
  int64_t width = 128, heads = 4, depth = 2, hidden = 512;
  std::string activation = "gelu";  // relu, gelu, swiglu
  std::string norm = "layer";       // layer, rms
  bool norm_first = true;
  std::string positions = "learned";  // learned, sinusoidal, rotary
  double dropout = .1;
  bool bias = true;
  bool share_depth = false;
  std::string pooling = "mean";  // mean, first
  int64_t patch = 4;             // vit: pixels of a side
  // With expert.count above 1: which blocks have a mixture layer, and how it works.
  int64_t mixture_every = 1, expert_hidden = 0;
  std::string route = "token";  // token, mean, first
  int64_t shared = 0, shared_hidden = 0;
  bool shared_gate = false;
  int64_t beam = 5;  // translator
  double length_penalty = 1;

  bool transformer() const { return kind != "mixture"; }
};

void describe(Schema& schema, ModelConfig& model);

// longest: tokens of the longest sentence. experts: 1 for ordinary feed-forward layers.
TransformerShape transformer_shape(const ModelConfig& model, const GateConfig& gate,
                                   int64_t experts, int64_t longest);
Pooling pooling_of(const ModelConfig& model);
BeamOptions beam_options(const ModelConfig& model, int64_t longest);

}  // namespace moestro
