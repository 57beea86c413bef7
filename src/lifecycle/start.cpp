#include "moestro/lifecycle/start.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "moestro/core/error.h"
#include "moestro/core/suggest.h"
#include "moestro/train/checkpoint.h"

namespace moestro {
namespace {

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

Start::Start(const RecipeDocument& document, const DataSource& data, c10::Device device,
             const PlannedRuns& planned)
    : document_(document),
      recipe_(document.recipe),
      precision_(compute_type(document.recipe.train)) {
  const auto teacher = [&](const char* key, const std::string& folder) {
    auto found = std::make_unique<Teacher>(document, key, folder, data, device, planned);
    found->mixture();
    return found;
  };
  if (!recipe_.start.run.empty()) run_ = teacher("start.run", recipe_.start.run);
  if (!recipe_.loss.similarity_run.empty())
    features_ = teacher("loss.similarity_run", recipe_.loss.similarity_run);
}

Start::~Start() = default;

// Tensors of one shape may stand in networks that compute different things.
void Start::check_frozen() const {
  const Recipe& there = run_->recipe();
  if (recipe_.start.experts == "freeze" && recipe_.expert.layers != there.expert.layers)
    throw UserError(
        "{}: the run's experts are [{}]; expected the same expert.layers to freeze them",
        document_.schema.where("start.experts"), joined(there.expert.layers));
  if (recipe_.start.gate != "freeze") return;
  const GateConfig &ours = recipe_.gate, &theirs = there.gate;
  const auto same = [](const GateConfig& a, const GateConfig& b) {
    return a.kind == b.kind && a.layers == b.layers && a.k == b.k && a.query == b.query &&
           a.hidden == b.hidden && a.normalise == b.normalise;
  };
  if (!same(ours, theirs))
    throw UserError(
        "{}: the run's gate is \"{}\" [{}] with other settings; expected the same [gate] to freeze "
        "it",
        document_.schema.where("start.gate"), theirs.kind, joined(theirs.layers));
}

void Start::apply(Mixture& mixture) const {
  if (!run_) return;
  check_frozen();
  const StartConfig& start = recipe_.start;
  if (start.experts != "draw")
    copy_into(model_tensors(mixture.bank()), model_tensors(run_->mixture().bank()), "start.experts",
              false);
  if (start.gate != "draw") {
    NamedTensors gate = model_tensors(mixture.gate());
    if (start.gate == "trunk") {
      // The layer that makes the scores is drawn anew, also where its shape would fit.
      const std::string last = fmt::format("gate.{}.", recipe_.gate.layers.size() - 1);
      std::erase_if(gate, [&](const auto& entry) { return entry.first.starts_with(last); });
    }
    copy_into(gate, model_tensors(run_->mixture().gate()), "start.gate", start.gate == "trunk");
  }
  if (start.experts == "freeze")
    for (int64_t e = 0; e < mixture.bank().experts(); ++e) mixture.bank().freeze(e);
  if (start.gate == "freeze") mixture.gate().freeze(true);
}

// Features are those of all experts.
bool Start::passes_are_alike() const {
  return !run_ || recipe_.loss.gate_distillation == 0 || steps_are_alike(run_->recipe());
}

Guidance Start::guide(const Batch& batch) const {
  const at::NoGradGuard no_gradients;
  Guidance guidance;
  const ForwardContext context{.targets_N = batch.targets_N, .precision = precision_};
  if (run_ && recipe_.loss.gate_distillation > 0)
    guidance.teacher_probs_BE =
        run_->mixture().forward(batch.inputs, context, {}).traces.front().routing.probs_BE;
  if (features_) {
    const NetworkOutput output =
        features_->mixture().bank().forward_all(in_precision(batch.inputs, context), context, true);
    if (!output.hidden_ENF)
      throw UserError("loss.similarity_run = \"{}\": its experts have no hidden layer",
                      recipe_.loss.similarity_run);
    guidance.features_BF = output.hidden_ENF->transpose(0, 1).flatten(1);
  }
  return guidance;
}

}  // namespace moestro
