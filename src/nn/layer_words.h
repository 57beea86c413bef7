// A layer of the layer list as words: "conv 16 3 pad=1" -> conv, [16, 3], {pad: 1}. Knows which
// words a kind of layer takes, nothing of shapes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "moestro/nn/layer_spec.h"

namespace moestro {

struct LayerWords {
  struct Option {
    std::string name, value;
  };

  LayerKind kind = LayerKind::relu;
  std::vector<std::string> positions;  // what they are called: "CHANNELS", "KERNEL"
  std::vector<std::string> values;     // one a position
  std::vector<Option> options;         // known to the kind, each once
};

// Throws UserError without the place: "unknown layer ...".
LayerWords split_layer(const std::string& text);

// The same layer with another word at its first position: "conv 16 3 pad=1", 80 -> "conv 80 3
// pad=1".
std::string with_first_value(const std::string& layer, const std::string& value);

// The whole word as a decimal number; nothing for anything else or what does not fit.
std::optional<int64_t> whole_number(std::string_view word);
std::optional<double> real_number(std::string_view word);

}  // namespace moestro
