#include "moestro/nn/layer_spec.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "layer_words.h"
#include "moestro/core/error.h"
#include "moestro/core/suggest.h"

namespace moestro {
namespace {

constexpr int64_t kLargest = int64_t{1} << 24;      // channels, widths, windows
constexpr double kMostWeights = double(1LL << 40);  // in one layer of one expert

bool is_image(const Shape& shape) {
  return shape.size() == 3;
}

int64_t in_range(const std::string& word, const std::string& name, int64_t low, int64_t high,
                 const std::string& or_name = "") {
  const auto value = whole_number(word);
  if (value && *value >= low && *value <= high) return *value;
  throw UserError("{} is {}; expected a whole number from {} to {}{}", name, word, low, high,
                  or_name.empty() ? "" : fmt::format(" or \"{}\"", or_name));
}

bool truth(const LayerWords::Option& option) {
  if (option.value == "true") return true;
  if (option.value == "false") return false;
  throw UserError("{} is {}; expected true or false", option.name, option.value);
}

bool of_the_batch(const LayerWords::Option& option) {
  if (option.value == "batch") return true;
  if (option.value == "running") return false;
  throw UserError("eval is {}; expected running or batch", option.value);
}

// What is written, before any shape is known.
LayerSpec written(const LayerWords& words, const LayerListPlace& place) {
  LayerSpec spec;
  spec.kind = words.kind;
  switch (spec.kind) {
    case LayerKind::linear:
      spec.size = words.values[0] == place.output_name
                      ? place.outputs
                      : in_range(words.values[0], "WIDTH", 1, kLargest, place.output_name);
      break;
    case LayerKind::embed:
      spec.size = in_range(words.values[0], "WIDTH", 1, kLargest);
      spec.categories = place.categories;
      break;
    case LayerKind::conv:
      spec.kernel = in_range(words.values[1], "KERNEL", 1, kLargest);
      [[fallthrough]];
    case LayerKind::maxpool:
    case LayerKind::avgpool:
      spec.size = in_range(words.values[0], words.positions[0], 1, kLargest);
      break;
    case LayerKind::dropout: {
      const auto p = real_number(words.values[0]);
      if (!p || !(*p >= 0 && *p < 1))
        throw UserError("P is {}; expected a number of at least 0 and below 1", words.values[0]);
      spec.probability = *p;
      break;
    }
    default:
      break;
  }
  for (const LayerWords::Option& option : words.options) {
    // A wider border would give outputs that see no pixel.
    if (option.name == "pad") spec.pad = in_range(option.value, "pad", 0, spec.kernel - 1);
    if (option.name == "stride") spec.stride = in_range(option.value, "stride", 1, kLargest);
    if (option.name == "bias") spec.bias = truth(option);
    if (option.name == "eval") spec.batch_statistics = of_the_batch(option);
  }
  return spec;
}

void check_window(const Shape& in, int64_t window) {
  if (!is_image(in))
    throw UserError("needs images (channels x height x width), but {} arrives", shape_text(in));
  if (in[1] < window || in[2] < window)
    throw UserError("needs at least {0}x{0} pixels, but {1} arrives", window, shape_text(in));
}

void check_weights(double weights, const Shape& in) {
  if (weights > kMostWeights)
    throw UserError("{} arrives, and the layer would have {:.2g} weights; expected at most {:.2g}",
                    shape_text(in), weights, kMostWeights);
}

int64_t inputs_of(const std::vector<InputSpan>& categories) {
  int64_t inputs = 0;
  for (const InputSpan& column : categories) inputs += column.count;
  return inputs;
}

Shape embedded_shape(const LayerSpec& spec) {
  if (spec.index > 0) throw UserError("stands behind others; expected as the first layer");
  if (spec.categories.empty())
    throw UserError(
        "needs categorical columns, but the samples have none; expected a table with categories");
  if (!std::ranges::all_of(spec.categories, &InputSpan::one_hot))
    throw UserError(
        "reads which input of a column is 1, but data.mean and data.deviation lift others above "
        "it; expected the same for all inputs of a column");
  const int64_t one_hot = inputs_of(spec.categories);
  check_weights(1.0 * spec.size * static_cast<double>(one_hot), spec.in);
  return {values_of(spec.in) - one_hot + std::ssize(spec.categories) * spec.size};
}

Shape output_shape(const LayerSpec& spec) {
  const Shape& in = spec.in;
  switch (spec.kind) {
    case LayerKind::conv: {
      check_window(in, std::max<int64_t>(spec.kernel - 2 * spec.pad, 1));
      check_weights(1.0 * spec.size * in[0] * spec.kernel * spec.kernel, in);
      const auto extent = [&](int64_t pixels) {
        return (pixels + 2 * spec.pad - spec.kernel) / spec.stride + 1;
      };
      return {spec.size, extent(in[1]), extent(in[2])};
    }
    case LayerKind::maxpool:
    case LayerKind::avgpool:
      check_window(in, spec.size);
      return {in[0], in[1] / spec.size, in[2] / spec.size};
    case LayerKind::linear:
      check_weights(1.0 * spec.size * in[0], in);
      return {spec.size};
    case LayerKind::embed:
      return embedded_shape(spec);
    case LayerKind::flatten:
      check_window(in, 1);
      return {values_of(in)};
    default:
      return in;
  }
}

void append(std::vector<LayerSpec>& specs, LayerSpec spec, const Shape& arriving) {
  spec.in = arriving;
  if (spec.kind == LayerKind::linear && is_image(arriving)) {
    LayerSpec flatten;
    flatten.kind = LayerKind::flatten;
    flatten.text = "flatten";
    flatten.index = spec.index;
    flatten.in = arriving;
    flatten.out = {values_of(arriving)};
    specs.push_back(flatten);
    spec.in = specs.back().out;
  }
  spec.out = output_shape(spec);
  specs.push_back(std::move(spec));
}

bool is_activation(LayerKind kind) {
  return kind == LayerKind::relu || kind == LayerKind::gelu || kind == LayerKind::tanh ||
         kind == LayerKind::sigmoid;
}

void check_input(const Shape& input, const LayerListPlace& place) {
  const bool positive = std::ranges::all_of(input, [](int64_t extent) { return extent > 0; });
  if ((input.size() != 1 && input.size() != 3) || !positive)
    throw UserError("{}: samples of shape {}; expected channels x height x width, or one axis",
                    place.where, shape_text(input));
}

}  // namespace

std::vector<LayerSpec> parse_layers(const std::vector<std::string>& layers, const Shape& input,
                                    const LayerListPlace& place) {
  MOESTRO_CHECK(place.outputs > 0);
  check_input(input, place);
  if (layers.empty())
    throw UserError("{}: no layers; expected at least [\"linear {}\"]", place.where,
                    place.output_name);
  std::vector<LayerSpec> specs;
  for (size_t i = 0; i < layers.size(); ++i) {
    try {
      LayerSpec spec = written(split_layer(layers[i]), place);
      spec.text = layers[i];
      spec.index = static_cast<int64_t>(i);
      append(specs, std::move(spec), specs.empty() ? input : specs.back().out);
      if (i + 1 == layers.size() && specs.back().out != Shape{place.outputs})
        throw UserError("gives {}, but the last layer must give {} values, one for each of the {}",
                        shape_text(specs.back().out), place.outputs, place.output_name);
    } catch (const UserError& error) {
      throw UserError("{}[{}] \"{}\": {}", place.where, i, layers[i], error.what());
    }
  }
  return specs;
}

bool has_weights(const LayerSpec& spec) {
  return spec.kind == LayerKind::conv || spec.kind == LayerKind::linear;
}

std::string with_size(const LayerSpec& spec, int64_t size) {
  MOESTRO_CHECK(has_weights(spec), "{}", spec.text);
  return with_first_value(spec.text, std::to_string(size));
}

int64_t hidden_layer(const std::vector<LayerSpec>& specs, int64_t from_last) {
  int64_t i = std::ssize(specs) - 1;
  while (i >= 0 && specs[i].kind != LayerKind::linear) --i;
  for (; i >= 0; --i)
    if (is_activation(specs[i].kind) && --from_last == 0) return i;
  return -1;
}

}  // namespace moestro
