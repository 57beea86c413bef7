#include "moestro/lifecycle/start.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "moestro/core/error.h"
#include "moestro/core/suggest.h"
#include "moestro/train/checkpoint.h"

namespace moestro {
namespace {

std::unique_ptr<TrainedRun> finished_run(const RecipeDocument& document, const std::string& key,
                                         const std::string& folder, const DataSource& data,
                                         c10::Device device) {
  const std::string where = document.schema.where(key);
  auto run = std::make_unique<TrainedRun>(folder, device.is_cuda() ? "cuda" : "cpu",
                                          document.recipe.train.threads);
  if (!run->folder().is_finished())
    throw UserError("{} = \"{}\": the run is not finished; expected a finished one", where, folder);
  const DataRecord &there = run->data(), here = data.record();
  if (there.sample_shape != here.sample_shape || there.classes != here.classes)
    throw UserError("{} = \"{}\": trained on samples of {} and {} classes; expected {} and {}",
                    where, folder, shape_text(there.sample_shape), there.classes,
                    shape_text(here.sample_shape), here.classes);
  if (there.normaliser != here.normaliser)
    throw UserError(
        "{} = \"{}\": its inputs were normalised otherwise; expected the same training rows, or "
        "the same data.mean and data.deviation",
        where, folder);
  return run;
}

NamedTensors of_bank(const Mixture& mixture) {
  NamedTensors tensors;
  for (const Parameter& parameter : mixture.bank().parameters())
    tensors.emplace_back(parameter.name, parameter.value);
  for (const Buffer& buffer : mixture.bank().buffers())
    tensors.emplace_back(buffer.name, buffer.value);
  return tensors;
}

NamedTensors of_gate(const Mixture& mixture) {
  NamedTensors tensors;
  for (const Parameter& parameter : mixture.gate().parameters())
    tensors.emplace_back(parameter.name, parameter.value);
  for (const Buffer& buffer : mixture.gate().buffers())
    tensors.emplace_back(buffer.name, buffer.value);
  return tensors;
}

const Tensor* named(const NamedTensors& tensors, const std::string& name) {
  for (const auto& [other, tensor] : tensors)
    if (other == name) return &tensor;
  return nullptr;
}

// Copies tensors of the same name and shape; those that do not fit are named, or passed over.
void copy_into(const NamedTensors& to, const NamedTensors& from, const std::string& where,
               bool only_fitting) {
  const at::NoGradGuard no_gradients;
  std::vector<std::string> faults;
  int64_t copied = 0;
  for (const auto& [name, tensor] : to) {
    const Tensor* source = named(from, name);
    if (source && source->sizes() == tensor.sizes() && ++copied)
      tensor.copy_(*source);
    else
      faults.push_back(
          fmt::format("{} is {}, there {}", name, shape_text(tensor.sizes().vec()),
                      source ? shape_text(source->sizes().vec()) : std::string("missing")));
  }
  if (only_fitting ? copied == 0 : !faults.empty())
    throw UserError("{}: the run has other tensors: {}", where, joined(faults));
}

}  // namespace

Start::Start(const RecipeDocument& document, const DataSource& data, c10::Device device)
    : recipe_(document.recipe), precision_(compute_type(document.recipe.train)) {
  if (!recipe_.start.run.empty())
    run_ = finished_run(document, "start.run", recipe_.start.run, data, device);
  if (!recipe_.loss.similarity_run.empty())
    features_ =
        finished_run(document, "loss.similarity_run", recipe_.loss.similarity_run, data, device);
}

void Start::apply(Mixture& mixture) const {
  if (!run_) return;
  const StartConfig& start = recipe_.start;
  if (start.experts != "draw")
    copy_into(of_bank(mixture), of_bank(run_->mixture()), "start.experts", false);
  if (start.gate != "draw") {
    NamedTensors gate = of_gate(mixture);
    if (start.gate == "trunk") {
      // The layer that makes the scores is drawn anew, also where its shape would fit.
      const std::string last = fmt::format("gate.{}.", recipe_.gate.layers.size() - 1);
      std::erase_if(gate, [&](const auto& entry) { return entry.first.starts_with(last); });
    }
    copy_into(gate, of_gate(run_->mixture()), "start.gate", start.gate == "trunk");
  }
  if (start.experts == "freeze")
    for (int64_t e = 0; e < mixture.bank().experts(); ++e) mixture.bank().freeze(e);
  if (start.gate == "freeze") mixture.gate().freeze(true);
}

Guidance Start::guide(const Batch& batch) const {
  const at::NoGradGuard no_gradients;
  Guidance guidance;
  ForwardContext context;
  context.targets_N = batch.targets_N;
  const Tensor inputs = batch.inputs.to(precision_);
  if (run_ && recipe_.loss.gate_distillation > 0)
    guidance.teacher_probs_BE = run_->mixture().forward(inputs, context, {}).trace.routing.probs_BE;
  if (features_) {
    const NetworkOutput output = features_->mixture().bank().forward_all(inputs, context, true);
    if (!output.hidden_ENF)
      throw UserError("loss.similarity_run = \"{}\": its experts have no hidden layer",
                      recipe_.loss.similarity_run);
    guidance.features_BF = output.hidden_ENF->transpose(0, 1).flatten(1);
  }
  return guidance;
}

}  // namespace moestro
