// What a Transformer is made of: the shape that its blocks share.
#pragma once

#include <cstdint>

#include "moestro/nn/feed_forward.h"
#include "moestro/nn/gate_config.h"

namespace moestro {

enum class NormKind { layer, rms };

// learned: a vector a place; sinusoidal: sines and cosines of the place (Vaswani et al. 2017, 3.5);
// rotary: queries and keys turned by angles that grow with the place (Su et al. 2021).
enum class PositionKind { learned, sinusoidal, rotary };

// What a mixture layer's gate decides by: each token by itself; or once for all tokens of a
// sentence, by their mean or by the first of them.
enum class RouteBy { token, mean, first };

struct MixtureShape {
  int64_t experts = 0;  // E; 0: an ordinary feed-forward layer in the place of each mixture
  int64_t every = 1;    // every how manieth block has a mixture layer, the last one of each such
  GateConfig gate;
  RouteBy route = RouteBy::token;
  int64_t hidden = 0;         // of an expert; 0: as an ordinary feed-forward layer has
  int64_t shared = 0;         // experts that every row meets, besides the chosen
  int64_t shared_hidden = 0;  // their width; 0: as wide as the others
  bool shared_gate = false;   // each multiplied by a sigmoid of the row (Qwen 2024)
};

struct TransformerShape {
  int64_t width = 128, heads = 4;  // D, H; H divides D
  int64_t depth = 2;               // blocks
  int64_t hidden = 512;            // F, of a feed-forward layer
  FeedForwardKind activation = FeedForwardKind::gelu;
  NormKind norm = NormKind::layer;
  double epsilon = 1e-5;     // of the norms
  bool norm_first = true;    // pre-norm, with one more norm behind the last block; else post-norm
  bool share_depth = false;  // one block's attention and feed-forward at every depth, norms of
                             // their own (Xue et al. 2021, WideNet)
  PositionKind positions = PositionKind::learned;
  int64_t longest = 128;  // tokens of the longest sentence
  bool bias = true;       // of attention and feed-forward layers
  double dropout = 0;     // of embeddings and of what a block adds
  MixtureShape mixture;
};

}  // namespace moestro
