#include "moestro/train/adapted_encoder.h"

#include <algorithm>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "moestro/core/error.h"
#include "moestro/nn/sides.h"

namespace moestro {
namespace {

class AdapterSides : public Sides {
 public:
  AdapterSides(const std::vector<AdapterLayer>& layers, int64_t task, const TraceNeeds& needs,
               std::vector<MixtureTrace>& traces)
      : layers_(layers), task_(task), needs_(needs), traces_(traces) {}

  Tensor forward(int64_t block, const Tensor& x_ND, const Packing& rows,
                 const ForwardContext& context) override {
    const AdapterLayer& layer = layers_.at(block);
    ForwardContext own = context;
    if (own.forced && own.forced->layer != layer.name()) own.forced.reset();
    std::optional<MixtureLayerOutput> output = layer.forward(x_ND, rows, task_, own, needs_);
    if (!output) return {};
    traces_.push_back(std::move(output->trace));
    return output->y_ND;
  }

 private:
  const std::vector<AdapterLayer>& layers_;
  int64_t task_;
  const TraceNeeds& needs_;
  std::vector<MixtureTrace>& traces_;
};

class NoSides : public Sides {
 public:
  Tensor forward(int64_t, const Tensor&, const Packing&, const ForwardContext&) override {
    return {};
  }
};

}  // namespace

AdaptedEncoder::AdaptedEncoder(std::shared_ptr<const FrozenEncoder> encoder, AdapterShape shape,
                               uint64_t seed, int64_t shared_layers, const std::string& name)
    : encoder_(std::move(encoder)) {
  shape.width = encoder_->width();
  if (shared_layers > encoder_->blocks())
    throw UserError("adapter.shared_layers = {}; expected at most {}, the blocks of the encoder",
                    shared_layers, encoder_->blocks());
  AdapterShape common = shape;
  common.choice = AdapterShape::Choice::common;
  for (int64_t block = 0; block < encoder_->blocks(); ++block)
    layers_.emplace_back(block < shared_layers ? common : shape, fmt::format("{}.{}", name, block),
                         seed);
  convert(parameters(), buffers(), at::TensorOptions(encoder_->device()).dtype(at::kFloat));
}

AdaptedEncoder::AdaptedEncoder(std::shared_ptr<const FrozenEncoder> encoder,
                               std::shared_ptr<const FrozenEncoder> copy)
    : encoder_(std::move(encoder)), copy_(std::move(copy)) {
  MOESTRO_CHECK(copy_ && copy_ != encoder_ && copy_->width() == encoder_->width());
  for (const Parameter& parameter : copy_->parameters()) parameter.value.set_requires_grad(true);
}

int64_t AdaptedEncoder::add_task() {
  for (AdapterLayer& layer : layers_) layer.add_task();
  return tasks_++;
}

void AdaptedEncoder::freeze_gates(int64_t task, bool frozen) {
  for (AdapterLayer& layer : layers_) layer.freeze_gate(task, frozen);
}

void AdaptedEncoder::freeze_shared() {
  for (AdapterLayer& layer : layers_) {
    if (layer.is_common()) layer.freeze(0);
    if (FeedForwardBank* shared = layer.shared())
      for (int64_t e = 0; e < shared->experts(); ++e) shared->freeze(e);
  }
}

void AdaptedEncoder::freeze_experts() {
  freeze_shared();
  for (AdapterLayer& layer : layers_)
    for (int64_t e = 0; e < layer.bank().experts(); ++e) layer.freeze(e);
}

AdaptedOutput AdaptedEncoder::forward(const Tensor& inputs, const Packing& rows, int64_t task,
                                      const ForwardContext& context,
                                      const TraceNeeds& needs) const {
  AdaptedOutput output;
  if (task < 0) {
    output.unit_BD = encoder_->embed(inputs, rows);
    return output;
  }
  if (copy_) {
    if (task >= tasks_)
      throw UserError("task {}; expected one of the {} that were added", task, tasks_);
    NoSides none;
    output.unit_BD = copy_->embed(inputs, rows, none, context);
    return output;
  }
  AdapterSides sides(layers_, task, needs, output.traces);
  output.unit_BD = encoder_->embed(inputs, rows, sides, context);
  return output;
}

Tensor AdaptedEncoder::embed(const Tensor& inputs, const Packing& rows, int64_t task) const {
  const at::NoGradGuard no_gradients;
  return forward(inputs, rows, task, {}).unit_BD;
}

void AdaptedEncoder::after_step(int64_t task, const std::vector<MixtureTrace>& traces) {
  MOESTRO_CHECK(traces.size() == layers_.size(), "{} traces of {} layers", traces.size(),
                layers_.size());
  for (size_t i = 0; i < layers_.size(); ++i) layers_[i].gate(task).after_step(traces[i].routing);
}

std::vector<Parameter> AdaptedEncoder::parameters(int64_t task) const {
  if (copy_) return copy_->parameters();
  std::vector<Parameter> all;
  for (const AdapterLayer& layer : layers_) append(all, layer.parameters(task));
  return all;
}

std::vector<Parameter> AdaptedEncoder::parameters() const {
  if (copy_) return copy_->parameters();
  std::vector<Parameter> all;
  for (const AdapterLayer& layer : layers_) append(all, layer.parameters());
  return all;
}

std::vector<Buffer> AdaptedEncoder::buffers() const {
  std::vector<Buffer> all;
  for (const AdapterLayer& layer : layers_) {
    const std::vector<Buffer> own = layer.buffers();
    all.insert(all.end(), own.begin(), own.end());
  }
  return all;
}

}  // namespace moestro
