#include "moestro/train/optimiser.h"

#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>

#include "moestro/core/error.h"

namespace moestro {
namespace {

constexpr double kBeta1 = .9, kSquaresKept = .99, kEpsilon = 1e-8;

bool has_gradient(const Parameter& parameter) {
  return parameter.value.grad().defined();
}

bool is_of_gate(const Parameter& parameter) {
  return ("." + parameter.name).find(".gate.") != std::string::npos;
}

}  // namespace

// What one call of a fused operator works on; all of the same length.
struct Optimiser::Lists {
  std::vector<Tensor> values, gradients, means, squares, steps, stepped;
};

Optimiser::Optimiser(std::vector<Parameter> parameters, const TrainConfig& config)
    : kind_(config.optimiser == "adam"    ? Kind::adam
            : config.optimiser == "adamw" ? Kind::adamw
            : config.optimiser == "sgd"   ? Kind::sgd
                                          : Kind::rmsprop),
      beta2_(config.beta2),
      weight_decay_(config.weight_decay),
      momentum_(config.momentum) {
  for (Parameter& parameter : parameters) {
    const Tensor& value = parameter.value;
    MOESTRO_CHECK(value.is_contiguous(), "{}", parameter.name);
    Slot slot;
    const Tensor zeros = at::zeros_like(value, at::TensorOptions().requires_grad(false));
    const bool always = kind_ == Kind::adam || kind_ == Kind::adamw;
    if (always || momentum_ > 0) slot.mean = zeros;
    if (kind_ != Kind::sgd) slot.square = zeros.clone();
    slot.steps_E = at::zeros({value.size(0)}, zeros.options().dtype(at::kFloat));
    slot.updates_E.resize(value.size(0));
    if (config.gate_rate != 1 && is_of_gate(parameter)) slot.group = 1;
    slot.parameter = std::move(parameter);
    slots_.push_back(std::move(slot));
  }
  if (slots_.empty()) return;
  const at::TensorOptions options = slots_.front().parameter.value.options().requires_grad(false);
  groups_.push_back({1, at::zeros({}, options.dtype(at::kFloat))});
  if (config.gate_rate != 1) groups_.push_back({config.gate_rate, groups_.front().rate.clone()});
}

void Optimiser::zero_gradients() {
  for (Slot& slot : slots_) slot.parameter.value.mutable_grad() = Tensor();
}

Tensor Optimiser::clip_gradients(double clip) {
  const at::NoGradGuard no_grad;
  std::vector<Tensor> gradients;
  for (const Slot& slot : slots_) {
    if (!has_gradient(slot.parameter)) continue;
    for (const Run& run : runs(slot))
      gradients.push_back(slot.parameter.value.grad().narrow(0, run.first, run.count));
  }
  if (gradients.empty()) return at::zeros({});
  const Tensor norm = at::stack(at::_foreach_norm(gradients)).norm();
  if (clip > 0) at::_foreach_mul_(gradients, (clip / norm).clamp_max(1));
  return norm;
}

// Experts side by side with the same step count are one run, so that an unfrozen bank is one
// tensor.
std::vector<Optimiser::Run> Optimiser::runs(const Slot& slot) const {
  const FreezeMask* frozen = slot.parameter.frozen.get();
  std::vector<Run> runs;
  for (int64_t e = 0; e < std::ssize(slot.updates_E); ++e) {
    if (frozen && (*frozen)[e]) continue;
    const bool joins = !runs.empty() && runs.back().first + runs.back().count == e &&
                       slot.updates_E[e] == slot.updates_E[runs.back().first];
    if (joins)
      ++runs.back().count;
    else
      runs.push_back({e, 1});
  }
  return runs;
}

Optimiser::Lists Optimiser::lists_of(size_t group) const {
  Lists lists;
  for (const Slot& slot : slots_) {
    if (slot.group != group || !has_gradient(slot.parameter)) continue;
    const Tensor gradient = slot.parameter.value.grad().contiguous();
    for (const Run& run : runs(slot)) {
      const auto part = [&](const Tensor& tensor) {
        return tensor.narrow(0, run.first, run.count);
      };
      lists.values.push_back(part(slot.parameter.value));
      lists.gradients.push_back(part(gradient));
      if (slot.mean.defined()) lists.means.push_back(part(slot.mean));
      if (slot.square.defined()) lists.squares.push_back(part(slot.square));
      lists.stepped.push_back(part(slot.steps_E));
      lists.steps.push_back(slot.steps_E.select(0, run.first));
    }
  }
  return lists;
}

void Optimiser::step(double rate) {
  set_rate(rate);
  update();
  count_update();
}

void Optimiser::set_rate(double rate) {
  for (const Group& group : groups_) group.rate.fill_(rate * group.factor);
}

void Optimiser::update() {
  const at::NoGradGuard no_grad;
  for (size_t g = 0; g < groups_.size(); ++g) {
    Lists lists = lists_of(g);
    if (lists.values.empty()) continue;
    at::_foreach_add_(lists.stepped, 1);
    update(lists, groups_[g].rate);
  }
}

void Optimiser::count_update() {
  for (Slot& slot : slots_) {
    if (!has_gradient(slot.parameter)) continue;
    for (const Run& run : runs(slot))
      for (int64_t e = run.first; e < run.first + run.count; ++e) ++slot.updates_E[e];
  }
}

// Hinton's lecture, as PyTorch has it: momentum gathers what the squares have scaled, and the rate
// comes last.
void Optimiser::update_by_rmsprop(Lists& lists, const Tensor& rate) const {
  if (weight_decay_ > 0)
    lists.gradients = at::_foreach_add(lists.gradients, lists.values, weight_decay_);
  at::_foreach_mul_(lists.squares, kSquaresKept);
  at::_foreach_addcmul_(lists.squares, lists.gradients, lists.gradients, 1 - kSquaresKept);
  std::vector<Tensor> scales = at::_foreach_sqrt(lists.squares);
  at::_foreach_add_(scales, kEpsilon);
  std::vector<Tensor> moves = at::_foreach_div(lists.gradients, scales);
  if (momentum_ > 0) {
    at::_foreach_mul_(lists.means, momentum_);
    at::_foreach_add_(lists.means, moves);
    moves = lists.means;
  }
  at::_foreach_sub_(lists.values, at::_foreach_mul(moves, rate));
}

void Optimiser::update(Lists& lists, const Tensor& rate) const {
  if (kind_ == Kind::rmsprop) return update_by_rmsprop(lists, rate);
  if (kind_ == Kind::sgd) {
    at::_fused_sgd_(lists.values, lists.gradients, lists.means, weight_decay_, momentum_, rate,
                    /*dampening=*/0, /*nesterov=*/false,
                    /*maximize=*/false, /*is_first_step=*/false);
    return;
  }
  const auto fused = [&](auto operation) {
    operation(lists.values, lists.gradients, lists.means, lists.squares, std::vector<Tensor>{},
              lists.steps, rate, kBeta1, beta2_, weight_decay_, kEpsilon);
  };
  if (kind_ == Kind::adam)
    fused([](auto&&... args) { at::_fused_adam_(args..., /*amsgrad=*/false, /*maximize=*/false); });
  else
    fused(
        [](auto&&... args) { at::_fused_adamw_(args..., /*amsgrad=*/false, /*maximize=*/false); });
}

void Optimiser::clear(const std::string& bank, int64_t expert) {
  const at::NoGradGuard no_grad;
  for (Slot& slot : slots_) {
    if (!slot.parameter.name.starts_with(bank + ".")) continue;
    for (Tensor tensor : {slot.mean, slot.square, slot.steps_E})
      if (tensor.defined()) tensor.select(0, expert).zero_();
    slot.updates_E[expert] = 0;
  }
}

std::vector<std::pair<std::string, Tensor>> Optimiser::state() const {
  std::vector<std::pair<std::string, Tensor>> state;
  for (const Slot& slot : slots_) {
    const std::string name = "optimiser." + slot.parameter.name;
    if (slot.mean.defined()) state.emplace_back(name + ".mean", slot.mean);
    if (slot.square.defined()) state.emplace_back(name + ".square", slot.square);
    state.emplace_back(name + ".steps", slot.steps_E);
  }
  return state;
}

void Optimiser::after_restore() {
  for (Slot& slot : slots_) {
    const Tensor steps_E = slot.steps_E.cpu();
    for (int64_t e = 0; e < steps_E.size(0); ++e) slot.updates_E[e] = steps_E[e].item<int64_t>();
  }
}

}  // namespace moestro
