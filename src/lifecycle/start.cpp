#include "moestro/lifecycle/start.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "moestro/core/error.h"
#include "moestro/core/suggest.h"
#include "moestro/train/checkpoint.h"

namespace moestro {
namespace {

// Rows that are held out here must not have been learned from there.
void check_held_out(const RecipeDocument& document, const Recipe& there, const DataSource& data,
                    const std::string& where) {
  const Recipe& here = document.recipe;
  const bool other_seed = there.train.seed != here.train.seed;
  if (data.valid.rows() > 0 && (other_seed || there.data.validation != here.data.validation))
    throw UserError(
        "{}: may have learned from the validation rows; expected the same train.seed and "
        "data.validation, or data.validation = 0",
        where);
  if (data.test_is_split && (other_seed || there.data.test != here.data.test))
    throw UserError(
        "{}: may have learned from the test rows, which are split off by seed; expected "
        "the same train.seed and data.test",
        where);
}

std::unique_ptr<TrainedRun> finished_run(const RecipeDocument& document, const std::string& key,
                                         const std::string& folder, const DataSource& data,
                                         c10::Device device) {
  const std::string where = document.schema.where(key);
  auto run = std::make_unique<TrainedRun>(folder, device.is_cuda() ? "cuda" : "cpu",
                                          document.recipe.train.threads);
  if (!run->folder().is_finished())
    throw UserError("{} = \"{}\": the run is not finished; expected a finished one", where, folder);
  check_held_out(document, run->recipe(), data, fmt::format("{} = \"{}\"", where, folder));
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

// Of a bank or a gate, live storage.
template <class Owner>
NamedTensors tensors_of(const Owner& owner) {
  NamedTensors tensors;
  for (const Parameter& parameter : owner.parameters())
    tensors.emplace_back(parameter.name, parameter.value);
  for (const Buffer& buffer : owner.buffers()) tensors.emplace_back(buffer.name, buffer.value);
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
  if (to.empty()) throw UserError("{}: nothing to take over; expected weights here", where);
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
    copy_into(tensors_of(mixture.bank()), tensors_of(run_->mixture().bank()), "start.experts",
              false);
  if (start.gate != "draw") {
    NamedTensors gate = tensors_of(mixture.gate());
    if (start.gate == "trunk") {
      // The layer that makes the scores is drawn anew, also where its shape would fit.
      const std::string last = fmt::format("gate.{}.", recipe_.gate.layers.size() - 1);
      std::erase_if(gate, [&](const auto& entry) { return entry.first.starts_with(last); });
    }
    copy_into(gate, tensors_of(run_->mixture().gate()), "start.gate", start.gate == "trunk");
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
