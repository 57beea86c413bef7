#include "moestro/lifecycle/start.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "moestro/core/error.h"
#include "moestro/core/suggest.h"
#include "moestro/train/checkpoint.h"
#include "moestro/train/model.h"

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

void check_data(const DataRecord& there, const DataRecord& here, const std::string& where) {
  check_same_inputs(there, here, where);
  if (there.classes != here.classes)
    throw UserError("{}: trained on {} classes; expected {}", where, there.classes, here.classes);
  if (there.normaliser != here.normaliser)
    throw UserError(
        "{}: its inputs were normalised otherwise; expected the same training rows, or "
        "the same data.mean and data.deviation",
        where);
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

// A finished run, or the mixture that a planned one will train.
struct Start::Teacher {
  std::unique_ptr<TrainedRun> run;
  RecipeDocument planned;
  std::unique_ptr<Mixture> planned_mixture;

  const Recipe& recipe() const { return run ? run->recipe() : planned.recipe; }
  const Mixture& mixture() const { return run ? run->mixture() : *planned_mixture; }

  static std::unique_ptr<Teacher> plan(const std::string& text, const DataSource& data,
                                       c10::Device device, const std::string& where) {
    auto teacher = std::make_unique<Teacher>();
    teacher->planned.schema.parse_text(text, where);
    if (teacher->planned.recipe.model.transformer())
      throw UserError("{}: its model.kind is \"{}\"; expected a mixture of whole networks", where,
                      teacher->planned.recipe.model.kind);
    teacher->planned_mixture =
        std::make_unique<Mixture>(build_mixture(teacher->planned, task_of(data.record())));
    convert(teacher->planned_mixture->parameters(), teacher->planned_mixture->buffers(), device);
    return teacher;
  }

  static std::unique_ptr<Teacher> open(const std::string& folder, const DataSource& data,
                                       c10::Device device, int64_t threads,
                                       const std::string& where) {
    auto teacher = std::make_unique<Teacher>();
    teacher->run = std::make_unique<TrainedRun>(folder, device.is_cuda() ? "cuda" : "cpu", threads);
    if (!teacher->run->folder().is_finished())
      throw UserError("{}: the run is not finished; expected a finished one", where);
    check_data(teacher->run->data(), data.record(), where);
    return teacher;
  }
};

Start::Start(const RecipeDocument& document, const DataSource& data, c10::Device device,
             const PlannedRuns& planned)
    : document_(document),
      recipe_(document.recipe),
      precision_(compute_type(document.recipe.train)) {
  const auto teacher = [&](const std::string& key, const std::string& folder) {
    const std::string where = fmt::format("{} = \"{}\"", document.schema.where(key), folder);
    const auto plan = planned.find(folder);
    auto found = plan == planned.end()
                     ? Teacher::open(folder, data, device, recipe_.train.threads, where)
                     : Teacher::plan(plan->second, data, device, where);
    check_held_out(document, found->recipe(), data, where);
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
