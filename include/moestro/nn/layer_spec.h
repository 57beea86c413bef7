// The layer-list grammar, the same in recipes, tests and docs:
//
//   conv CHANNELS KERNEL [pad=0] [stride=1] [bias=true]     linear WIDTH [bias=true]
//   relu  gelu  tanh  sigmoid     maxpool SIZE  avgpool SIZE     flatten  dropout P
//   batchnorm [eval=running]     embed WIDTH
//
// WIDTH is a number or the name of the width that the place calls for: `classes` in experts,
// `experts` in gates. A flatten is implied before the first linear. Windows of pools do not
// overlap; what is left over at the right and lower edges is dropped. "batchnorm eval=batch" has
// the statistics of the batch in evaluation as well.
//
// "embed WIDTH", which only stands first, gives every categorical column of a table a learned
// vector of WIDTH numbers for each of its categories. Out come the other inputs, unchanged, then
// the columns' vectors in the order of the columns.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "moestro/core/tensor.h"

namespace moestro {

enum class LayerKind {
  conv,
  linear,
  relu,
  gelu,
  tanh,
  sigmoid,
  maxpool,
  avgpool,
  batchnorm,
  flatten,
  dropout,
  embed
};

// Inputs that are one categorical column of a table.
struct InputSpan {
  int64_t first = 0, count = 0;
  bool one_hot = true;  // the largest says the category, which data.mean could undo
};

struct LayerSpec {
  LayerKind kind = LayerKind::linear;
  std::string text;    // as written; "flatten" for an implied one
  int64_t index = 0;   // in the list as written, for names; an implied flatten has its linear's
  int64_t size = 0;    // conv: channels; linear, embed: width; pools: size of the window
  int64_t kernel = 0;  // conv
  int64_t pad = 0, stride = 1;
  bool bias = true;                   // conv, linear
  double probability = 0;             // dropout
  bool batch_statistics = false;      // batchnorm: in evaluation too
  std::vector<InputSpan> categories;  // embed
  Shape in, out;                      // of one sample, without expert axis: [C, H, W] or [D]
};

struct LayerListPlace {
  std::string where;                       // for errors: "recipes/x.toml:12: expert.layers"
  std::string output_name;                 // "classes" or "experts"
  int64_t outputs;                         // what output_name stands for
  std::vector<InputSpan> categories = {};  // of the samples; ascending
};

// Works out every shape from that of one sample, [C, H, W] or [D]. The last layer must give
// place.outputs values. Throws UserError that points at the layer and says the shape that arrived:
// `recipes/x.toml:12: expert.layers[3] "maxpool 2": needs at least 2x2 pixels, but 8x1x1 arrives`.
std::vector<LayerSpec> parse_layers(const std::vector<std::string>& layers, const Shape& input,
                                    const LayerListPlace& place);

// conv, linear. The last such layer gives the output, those before it hidden units.
bool has_weights(const LayerSpec& spec);

// The layer as it is written with so many channels, or values: "conv 16 3 pad=1" with 80 is
// "conv 80 3 pad=1". Of layers with weights.
std::string with_size(const LayerSpec& spec, int64_t size);

// Index into specs of the from_last'th activation before the last linear, counted from there: its
// input is that hidden layer before its activation. -1 where there is none.
int64_t hidden_layer(const std::vector<LayerSpec>& specs, int64_t from_last = 1);

}  // namespace moestro
