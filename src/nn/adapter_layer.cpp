#include "moestro/nn/adapter_layer.h"

#include <algorithm>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "mixture_pass.h"
#include "moestro/core/error.h"

namespace moestro {
namespace {

FeedForwardShape expert_shape(const AdapterShape& shape) {
  return {shape.width,   shape.hidden,  FeedForwardKind::relu,
          /*bias=*/true, shape.dropout, FeedForwardStart::adapter};
}

// All experts side by side are then no larger than an ordinary feed-forward layer or two, while
// sorting rows by expert costs launches for each expert, and a wait.
bool better_wide(const FeedForwardBank& bank, const Tensor& x_ND) {
  constexpr int64_t kOrdinary = 4;
  const int64_t hidden = bank.experts() * bank.shape().hidden;
  return x_ND.is_cuda() && hidden <= 2 * kOrdinary * x_ND.size(1);
}

}  // namespace

AdapterLayer::AdapterLayer(const AdapterShape& shape, const std::string& name, uint64_t seed)
    : shape_(shape),
      name_(name),
      seed_(seed),
      bank_(expert_shape(shape), name + ".experts",
            shape.choice == AdapterShape::Choice::common ? 1 : shape.experts, seed) {
  if (shape.shared > 0)
    shared_.emplace(expert_shape(shape), name, shape.shared, shape.shared_gate, seed);
  for (int64_t e = 0; has_own() && e < bank_.experts(); ++e) bank_.freeze(e);
}

int64_t AdapterLayer::missing(int64_t k) const {
  if (is_common()) return 0;
  if (has_own()) return std::max<int64_t>(tasks() + 1 - bank_.experts(), 0);
  return std::max<int64_t>(k - std::ranges::count(bank_.frozen(), false), 0);
}

void AdapterLayer::grow(int64_t more) {
  const int64_t before = bank_.experts();
  bank_.grow(more);
  for (int64_t e = before; has_own() && e < bank_.experts(); ++e) bank_.freeze(e);
}

std::unique_ptr<Gate> AdapterLayer::make_task_gate() const {
  if (is_common()) return make_single_gate(0, bank_.experts());
  if (has_own()) {
    if (tasks() >= bank_.experts())
      throw UserError("{}: {} experts; expected one more, for task {} to have its own", name_,
                      bank_.experts(), tasks() + 1);
    return make_single_gate(tasks(), bank_.experts());
  }
  GateSetting setting;
  setting.name = gate_name(tasks());
  setting.input = {shape_.width};
  setting.experts = bank_.experts();
  setting.expert_hidden = shape_.hidden;
  setting.seed = seed_;
  setting.where = "gate.layers";
  std::unique_ptr<Gate> gate = make_gate(shape_.gate, setting);
  if (gate->needs_hidden())
    throw UserError(
        "gate.kind = \"{}\" reads the experts' hidden layers token by token; expected one that "
        "decides once a sentence",
        shape_.gate.kind);
  return gate;
}

int64_t AdapterLayer::add_task() {
  TaskGate added{make_task_gate(), bank_.experts()};
  const Tensor like = bank_.parameters().front().value;
  convert(added.gate->parameters(), added.gate->buffers(),
          at::TensorOptions(like.device()).dtype(like.dtype()));
  gates_.push_back(std::move(added));
  const int64_t task = tasks() - 1;
  if (has_own()) bank_.freeze(task, false);
  return task;
}

std::string AdapterLayer::gate_name(int64_t task) const {
  return fmt::format("{}.gate.{}", name_, task);
}

const AdapterLayer::TaskGate& AdapterLayer::gate_of(int64_t task) const {
  if (task < 0 || task >= tasks())
    throw UserError("{}: task {}; expected one of the {} that were added", name_, task, tasks());
  return gates_[task];
}

std::optional<MixtureLayerOutput> AdapterLayer::forward(const Tensor& x_ND, const Packing& rows,
                                                        int64_t task, const ForwardContext& context,
                                                        const TraceNeeds& needs) const {
  if (task < 0) return {};
  const TaskGate& own = gate_of(task);
  const int64_t known = context.forced ? bank_.experts() : own.experts;
  MixtureLayerOutput result =
      MixturePass{bank_, *own.gate, known, RouteBy::first, !has_own() && better_wide(bank_, x_ND)}
          .forward(x_ND, rows, context, needs);
  if (shared_) result.y_ND = result.y_ND + shared_->forward(x_ND, context);
  result.y_ND = result.y_ND * shape_.scale;

  MixtureTrace& trace = result.trace;
  trace.layer = name_;
  for (std::optional<Tensor>* out : {&trace.out_ENC, &trace.out_NKC})
    if (*out) **out = **out * shape_.scale;
  if (needs.ends) trace.x_MD = x_ND, trace.y_MD = result.y_ND;
  return result;
}

void AdapterLayer::average_scoring(int64_t task, int64_t i, int64_t j, int64_t k) {
  const at::NoGradGuard no_gradients;
  const std::string scores = fmt::format("{}.{}.", gate_name(task), shape_.gate.layers.size() - 1);
  const std::string noise = gate_name(task) + ".noise.";
  int64_t found = 0;
  for (const Parameter& parameter : gate_of(task).gate->parameters()) {
    if (!parameter.name.starts_with(scores) && !parameter.name.starts_with(noise)) continue;
    const auto column = [&](int64_t expert) { return parameter.value.select(-1, expert); };
    column(k).copy_((column(i) + column(j)) / 2);
    ++found;
  }
  MOESTRO_CHECK(found > 0, "{}: no scores in gate.kind = \"{}\"", gate_name(task),
                shape_.gate.kind);
}

std::vector<Parameter> AdapterLayer::parameters(int64_t task) const {
  std::vector<Parameter> all = bank_.parameters();
  if (shared_) append(all, shared_->parameters());
  if (task >= 0) append(all, gate_of(task).gate->parameters());
  return all;
}

std::vector<Parameter> AdapterLayer::parameters() const {
  std::vector<Parameter> all = parameters(-1);
  for (const TaskGate& task : gates_) append(all, task.gate->parameters());
  return all;
}

std::vector<Buffer> AdapterLayer::buffers() const {
  std::vector<Buffer> all;
  for (const TaskGate& task : gates_) {
    const std::vector<Buffer> own = task.gate->buffers();
    all.insert(all.end(), own.begin(), own.end());
  }
  return all;
}

std::vector<std::string> AdapterLayer::describe() const {
  return {name_ + ".experts: " + bank_.describe()};
}

}  // namespace moestro
