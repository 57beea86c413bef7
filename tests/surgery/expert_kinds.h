// Kinds of experts for tests, in float64: their hidden layers, drawn tensors, and what they answer.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <c10/core/GradMode.h>

#include "moestro/core/suggest.h"
#include "moestro/nn/bank.h"
#include "moestro/nn/feed_forward_bank.h"
#include "moestro/store/safetensors.h"
#include "moestro/surgery/hidden_layers.h"
#include "nn/network_fixture.h"

namespace moestro::testing {

using Widths = std::vector<int64_t>;

struct ExpertKind {
  virtual ~ExpertKind() = default;
  virtual std::string text() const = 0;
  virtual std::unique_ptr<ExpertKind> of(const Widths& widths) const = 0;  // of the hidden layers
  virtual std::vector<HiddenLayer> layers() const = 0;
  // By name within an expert, [E, ...]: the values do not matter.
  virtual NamedTensors blank(int64_t experts) const = 0;
  virtual Tensor inputs(int64_t rows) const = 0;
  // [E, N, C], in evaluation.
  virtual Tensor outputs(const ExpertTensors& experts, const Tensor& x) const = 0;

  // From N(0, 1), variances positive.
  NamedTensors drawn(int64_t experts, uint64_t seed) const {
    NamedTensors tensors = blank(experts);
    for (auto& [name, tensor] : tensors) {
      tensor = normal(tensor.sizes().vec(), 100 * ++seed);
      if (name.ends_with("running_var")) tensor = tensor.abs() + .5;
    }
    return tensors;
  }

  Widths widths() const {
    Widths all;
    for (const HiddenLayer& layer : layers()) all.push_back(layer.axis.units);
    return all;
  }
};

// Live tensors of a bank take those of the experts.
template <class Value>
void load(const std::vector<Value>& live, const ExpertTensors& experts) {
  const c10::NoGradGuard no_gradients;
  for (const Value& value : live)
    for (int64_t e = 0; e < experts.experts(); ++e)
      value.value[e].copy_(experts.at(value.name.substr(value.name.find('.') + 1), e));
}

// "#" in the layer list is the width of the next hidden layer.
class NetworkExperts : public ExpertKind {
 public:
  NetworkExperts(std::vector<std::string> list, Shape input, Widths widths)
      : list_(std::move(list)), input_(std::move(input)) {
    std::vector<std::string> layers = list_;
    size_t next = 0;
    for (std::string& layer : layers)
      if (const size_t at = layer.find('#'); at != std::string::npos)
        layer.replace(at, 1, std::to_string(widths.at(next++)));
    specs_ = specs_of(layers, input_, 4);
  }

  std::string text() const override { return joined(list_); }
  std::unique_ptr<ExpertKind> of(const Widths& widths) const override {
    return std::make_unique<NetworkExperts>(list_, input_, widths);
  }
  std::vector<HiddenLayer> layers() const override { return hidden_layers(specs_); }

  NamedTensors blank(int64_t experts) const override {
    const ExpertBank made = bank(experts);
    NamedTensors tensors;
    const auto add = [&](const std::string& name, const Tensor& value) {
      tensors.emplace_back(name.substr(name.find('.') + 1), at::zeros_like(value.detach()));
    };
    for (const Parameter& parameter : made.parameters()) add(parameter.name, parameter.value);
    for (const Buffer& buffer : made.buffers()) add(buffer.name, buffer.value);
    return tensors;
  }

  Tensor inputs(int64_t rows) const override {
    Shape shape = input_;
    shape.insert(shape.begin(), rows);
    return normal(shape, 77);
  }

  Tensor outputs(const ExpertTensors& experts, const Tensor& x) const override {
    const ExpertBank made = bank(experts.experts());
    load(made.parameters(), experts);
    load(made.buffers(), experts);
    return made.forward_all(x, kEvaluation).out_ENC.detach();
  }

 private:
  ExpertBank bank(int64_t experts) const {
    ExpertBank made(specs_, "experts", experts, 1);
    convert(made.parameters(), made.buffers(), at::kDouble);
    return made;
  }

  std::vector<std::string> list_;
  Shape input_;
  std::vector<LayerSpec> specs_;
};

class FeedForwardExperts : public ExpertKind {
 public:
  explicit FeedForwardExperts(const FeedForwardShape& shape) : shape_(shape) {}

  std::string text() const override {
    return fmt::format("feed-forward {} of {} units, bias {}", static_cast<int>(shape_.kind),
                       shape_.hidden, shape_.bias);
  }
  std::unique_ptr<ExpertKind> of(const Widths& widths) const override {
    FeedForwardShape shape = shape_;
    shape.hidden = widths.at(0);
    return std::make_unique<FeedForwardExperts>(shape);
  }
  std::vector<HiddenLayer> layers() const override { return hidden_layers(shape_); }

  NamedTensors blank(int64_t experts) const override {
    NamedTensors tensors;
    for (const Parameter& parameter : bank(experts).parameters())
      tensors.emplace_back(parameter.name.substr(parameter.name.find('.') + 1),
                           at::zeros_like(parameter.value.detach()));
    return tensors;
  }

  Tensor inputs(int64_t rows) const override { return normal({rows, shape_.width}, 77); }

  Tensor outputs(const ExpertTensors& experts, const Tensor& x) const override {
    const FeedForwardBank made = bank(experts.experts());
    load(made.parameters(), experts);
    return made.forward_all(x).out_ENC.detach();
  }

 private:
  FeedForwardBank bank(int64_t experts) const {
    FeedForwardBank made(shape_, "experts", experts, 1);
    convert(made.parameters(), {}, at::kDouble);
    return made;
  }

  FeedForwardShape shape_;
};

// As some checkpoints have it: the gate and the up column of a unit side by side.
class InterleavedExperts : public ExpertKind {
 public:
  explicit InterleavedExperts(int64_t hidden) : hidden_(hidden) {}

  std::string text() const override { return "interleaved gate_up"; }
  std::unique_ptr<ExpertKind> of(const Widths& widths) const override {
    return std::make_unique<InterleavedExperts>(widths.at(0));
  }

  std::vector<HiddenLayer> layers() const override {
    using Role = HiddenLayer::Role;
    HiddenLayer layer;
    layer.axis.units = hidden_;
    for (int64_t c = 0; c < 2; ++c) {
      layer.axis.parts.push_back({.tensor = "gate_up", .dim = 1, .offset = c, .stride = 2});
      layer.axis.parts.push_back({.tensor = "gate_up_bias", .offset = c, .stride = 2});
    }
    layer.axis.parts.push_back({.tensor = "down"});
    layer.roles = {Role::makes, Role::makes, Role::makes, Role::makes, Role::reads};
    return {layer};
  }

  NamedTensors blank(int64_t experts) const override {
    return {{"gate_up", at::zeros({experts, kWidth, 2 * hidden_}, at::kDouble)},
            {"gate_up_bias", at::zeros({experts, 2 * hidden_}, at::kDouble)},
            {"down", at::zeros({experts, hidden_, kWidth}, at::kDouble)},
            {"down_bias", at::zeros({experts, kWidth}, at::kDouble)}};
  }

  Tensor inputs(int64_t rows) const override { return normal({rows, kWidth}, 77); }

  Tensor outputs(const ExpertTensors& experts, const Tensor& x) const override {
    std::vector<Tensor> outputs;
    for (int64_t e = 0; e < experts.experts(); ++e) {
      const Tensor up = (x.matmul(experts.at("gate_up", e)) + experts.at("gate_up_bias", e))
                            .view({x.size(0), hidden_, 2});
      const Tensor hidden_NF = at::silu(up.select(2, 0)) * up.select(2, 1);
      outputs.push_back(hidden_NF.matmul(experts.at("down", e)) + experts.at("down_bias", e));
    }
    return at::stack(outputs);
  }

 private:
  static constexpr int64_t kWidth = 5;
  int64_t hidden_;
};

inline std::vector<std::unique_ptr<ExpertKind>> all_kinds() {
  std::vector<std::unique_ptr<ExpertKind>> kinds;
  const auto network = [&](const std::vector<std::string>& list, const Shape& input,
                           const Widths& widths) {
    kinds.push_back(std::make_unique<NetworkExperts>(list, input, widths));
  };
  network({"linear #", "relu", "linear classes"}, {3}, {6});
  network({"linear # bias=false", "tanh", "linear #", "relu", "linear #", "gelu", "linear classes"},
          {5}, {6, 7, 5});
  network({"conv # 3", "relu", "maxpool 2", "conv # 2 bias=false", "relu", "linear #", "relu",
           "linear classes bias=false"},
          {2, 9, 9}, {3, 5, 6});
  network({"conv # 3", "batchnorm", "relu", "maxpool 2", "linear #", "batchnorm", "gelu",
           "linear classes"},
          {1, 6, 6}, {4, 5});
  network({"conv # 3", "flatten", "batchnorm", "relu", "linear classes"}, {1, 4, 4}, {6});
  for (const FeedForwardKind kind :
       {FeedForwardKind::relu, FeedForwardKind::gelu, FeedForwardKind::swiglu})
    for (const bool bias : {true, false})
      kinds.push_back(std::make_unique<FeedForwardExperts>(FeedForwardShape{5, 7, kind, bias}));
  kinds.push_back(std::make_unique<FeedForwardExperts>(
      FeedForwardShape{6, 2, FeedForwardKind::gelu, true}));  // an adapter
  kinds.push_back(std::make_unique<InterleavedExperts>(6));
  return kinds;
}

inline NamedTensors tensors_of(const ExpertTensors& experts, int64_t expert) {
  NamedTensors tensors;
  for (const std::string& name : experts.names())
    tensors.emplace_back(name, experts.at(name, expert));
  return tensors;
}

// Single experts become one set.
inline ExpertTensors together(const std::vector<NamedTensors>& experts) {
  NamedTensors all;
  for (size_t t = 0; t < experts.front().size(); ++t) {
    std::vector<Tensor> values;
    for (const NamedTensors& expert : experts) values.push_back(expert[t].second);
    all.emplace_back(experts.front()[t].first, at::stack(values));
  }
  return ExpertTensors::stacked(all);
}

// What one dense network answers, [N, C].
inline Tensor answer(const ExpertKind& kind, const NamedTensors& tensors, const Tensor& x) {
  return kind.outputs(together({tensors}), x)[0];
}

inline Tensor& tensor_named(NamedTensors& tensors, const std::string& name) {
  for (auto& [key, tensor] : tensors)
    if (key == name) return tensor;
  throw std::out_of_range(name);
}

using Orders = std::vector<Tensor>;  // a hidden layer each

inline Orders drawn_orders(const std::vector<HiddenLayer>& layers, uint64_t seed) {
  Orders orders;
  for (const HiddenLayer& layer : layers)
    orders.push_back(normal({layer.axis.units}, 1000 + ++seed).argsort());
  return orders;
}

// Place u gets unit order[u].
inline NamedTensors permuted(NamedTensors tensors, const std::vector<HiddenLayer>& layers,
                             const Orders& orders) {
  for (size_t l = 0; l < layers.size(); ++l)
    for (const HiddenAxis::Part& part : layers[l].axis.parts) {
      const HiddenAxis& axis = layers[l].axis;
      Tensor& tensor = tensor_named(tensors, part.tensor);
      const Tensor to = axis.indices(part, at::arange(axis.units, at::kLong));
      const Tensor from = axis.indices(part, orders[l]);
      tensor = tensor.index_copy(part.dim, to, tensor.index_select(part.dim, from));
    }
  return tensors;
}

inline bool close(const Tensor& a, const Tensor& b) {
  return a.sizes() == b.sizes() && at::allclose(a, b, 1e-9, 1e-9);
}

}  // namespace moestro::testing
