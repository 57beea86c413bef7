#include "moestro/nn/network.h"

#include <ATen/ATen.h>

#include "layers/conv_pool.h"
#include "layers/stacked.h"
#include "moestro/core/error.h"

namespace moestro {
namespace {

// Whether experts differ after such a layer: it has parameters or noise of its own for each.
bool tells_apart(LayerKind kind) {
  return kind == LayerKind::conv || kind == LayerKind::linear || kind == LayerKind::batchnorm ||
         kind == LayerKind::dropout || kind == LayerKind::embed;
}

// The order in which layers run: relu after the maxpool that follows it, on a fraction of the
// values. The two commute exactly, gradients too; the layer at `hidden` stays, its input is read.
std::vector<LayerSpec> run_order(std::vector<LayerSpec> specs, int64_t hidden) {
  for (int64_t i = 0; i + 1 < std::ssize(specs); ++i) {
    LayerSpec &first = specs[i], &second = specs[i + 1];
    if (first.kind != LayerKind::relu || second.kind != LayerKind::maxpool || i == hidden) continue;
    std::swap(first, second);
    second.in = second.out = first.out;
  }
  return specs;
}

Activations network_input(const Tensor& x, const Shape& sample) {
  MOESTRO_CHECK(x.sizes().slice(1) == at::IntArrayRef(sample), "samples of {} arrive, not {}",
                shape_text(x.sizes().slice(1).vec()), shape_text(sample));
  if (sample.size() == 1) return {x.unsqueeze(0), 1, false};
  return {x, 1, true};
}

Tensor rows_of_each(const Activations& x, int64_t experts) {
  return flattened(spread(x, experts)).value;
}

}  // namespace

Network::Network(std::vector<LayerSpec> specs, const LayerSetting& setting, int64_t hidden)
    : specs_(std::move(specs)), setting_(setting), hidden_layer_(hidden_layer(specs_, hidden)) {
  MOESTRO_CHECK(!specs_.empty() && setting.experts > 0);
  MOESTRO_CHECK(!setting.frozen || int64_t(setting.frozen->size()) == setting.experts);
  LayerSetting one = setting;
  one.shared_input = true;
  for (const LayerSpec& spec : run_order(specs_, hidden_layer_)) {
    one.name = fmt::format("{}.{}", setting.name, spec.index);
    layers_.push_back(make_layer(spec, one));
    one.shared_input = one.shared_input && !tells_apart(spec.kind);
  }
  fuse_blocks();
}

// Convolutional blocks become one layer each, but for one that holds the hidden layer's input.
void Network::fuse_blocks() {
  const std::vector<LayerSpec> specs = run_order(specs_, hidden_layer_);
  std::vector<std::unique_ptr<Layer>> layers;
  int64_t hidden = hidden_layer_;
  for (int64_t i = 0, count = 1; i < std::ssize(specs); i += count) {
    const bool before = i < hidden_layer_;
    const std::vector<LayerSpec> left(specs.begin() + i,
                                      before ? specs.begin() + hidden_layer_ : specs.end());
    count = std::max<int64_t>(ConvPool::reach(left), 1);
    if (count == 1) {
      layers.push_back(std::move(layers_[i]));
      continue;
    }
    std::vector<std::unique_ptr<Layer>> block;
    std::move(layers_.begin() + i, layers_.begin() + i + count, std::back_inserter(block));
    layers.push_back(std::make_unique<ConvPool>(
        std::vector<LayerSpec>(left.begin(), left.begin() + count), std::move(block)));
    if (before) hidden -= count - 1;
  }
  layers_ = std::move(layers);
  hidden_layer_ = hidden;
}

NetworkOutput Network::forward(const Tensor& x, ExpertRange range, const ForwardContext& context,
                               bool want_hidden) const {
  MOESTRO_CHECK(range.first >= 0 && range.count > 0 && range.first + range.count <= experts());
  NetworkOutput output;
  Activations value = network_input(x, specs_.front().in);
  for (int64_t i = 0; i < static_cast<int64_t>(layers_.size()); ++i) {
    if (want_hidden && i == hidden_layer_) output.hidden_ENF = rows_of_each(value, range.count);
    value = layers_[i]->forward(value, range, context);
  }
  output.out_ENC = rows_of_each(value, range.count);
  return output;
}

std::vector<Parameter> Network::parameters() const {
  std::vector<Parameter> all;
  for (const auto& layer : layers_)
    for (Parameter& parameter : layer->parameters()) all.push_back(std::move(parameter));
  return all;
}

std::vector<Buffer> Network::buffers() const {
  std::vector<Buffer> all;
  for (const auto& layer : layers_)
    for (Buffer& buffer : layer->buffers()) all.push_back(std::move(buffer));
  return all;
}

std::vector<std::string> Network::describe() const {
  std::vector<std::string> lines;
  for (const auto& layer : layers_) lines.push_back(layer->describe());
  return lines;
}

bool Network::has(LayerKind kind) const {
  return std::ranges::any_of(specs_, [&](const LayerSpec& spec) { return spec.kind == kind; });
}

}  // namespace moestro
