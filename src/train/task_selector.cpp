#include "moestro/train/task_selector.h"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "moestro/core/error.h"
#include "moestro/core/on_device.h"
#include "moestro/core/random.h"
#include "moestro/train/optimiser.h"

namespace moestro {
namespace {

std::string name_of(int64_t task) {
  return fmt::format("selector.{}", task);
}

// [B]
Tensor rebuilding_errors(const Network& network, const Tensor& unit_BD) {
  const Tensor rebuilt_BD = network.forward(unit_BD, {0, 1}, {}).out_ENC.squeeze(0);
  return (unit_BD - rebuilt_BD).square().sum(1);
}

// The rows of a step: every row once an epoch, but for what fills no batch.
class RowOrder {
 public:
  RowOrder(uint64_t seed, const std::string& name, int64_t rows, int64_t batch)
      : seed_(seed), name_(name), rows_(rows), batch_(std::min(batch, rows)) {}

  Tensor rows(int64_t step) {
    const int64_t steps_an_epoch = rows_ / batch_, place = step % steps_an_epoch;
    if (place == 0)
      order_N_ = permutation(
          {seed_, Stream::order, name_, static_cast<uint64_t>(step / steps_an_epoch)}, rows_);
    return order_N_.narrow(0, place * batch_, batch_);
  }

 private:
  uint64_t seed_;
  std::string name_;
  int64_t rows_, batch_;
  Tensor order_N_;
};

void fit(const Network& network, const Tensor& unit_ND, const std::string& name,
         const TaskSelectorOptions& options) {
  const at::AutoGradMode gradients(true);
  Optimiser optimiser(network.parameters(), TrainConfig());
  RowOrder order(options.seed, name, unit_ND.size(0), options.batch);
  for (int64_t step = 0; step < options.steps; ++step) {
    const Tensor unit_BD = unit_ND.index_select(0, on_device(order.rows(step), unit_ND.device()));
    optimiser.zero_gradients();
    rebuilding_errors(network, unit_BD).mean().backward();
    optimiser.step(options.rate);
  }
}

void check_features(const Tensor& unit_ND, int64_t width) {
  MOESTRO_CHECK(unit_ND.dim() == 2 && unit_ND.size(1) == width, "features of width {}, expected {}",
                unit_ND.size(-1), width);
  if (unit_ND.size(0) < 2)
    throw UserError("{} samples to know a task by; expected at least 2", unit_ND.size(0));
  if (!unit_ND.isfinite().all().item<bool>())
    throw UserError("features to know a task by are not finite; expected numbers");
}

}  // namespace

TaskSelector::TaskSelector(int64_t width, TaskSelectorOptions options)
    : width_(width), options_(options) {
  if (options_.hidden == 0) options_.hidden = std::max<int64_t>(width / 4, 1);
}

TaskSelector::AutoEncoder TaskSelector::untrained(const std::string& name,
                                                  c10::Device device) const {
  const LayerListPlace place{"task selector", "classes", width_};
  AutoEncoder made{
      Network(parse_layers({fmt::format("linear {}", options_.hidden), "relu", "linear classes"},
                           {width_}, place),
              LayerSetting{name, 1, options_.seed, nullptr}),
      at::zeros({1}, at::TensorOptions(device).dtype(at::kFloat))};
  convert(made.network.parameters(), {}, made.threshold.options());
  return made;
}

TaskSelector::AutoEncoder TaskSelector::trained(const std::string& name,
                                                const Tensor& given_ND) const {
  check_features(given_ND, width_);
  const Tensor unit_ND = given_ND.detach().to(at::kFloat);
  const int64_t rows = unit_ND.size(0);
  const int64_t held_out =
      std::clamp<int64_t>(std::llround(options_.held_out * static_cast<double>(rows)), 1, rows - 1);
  const Tensor order_N =
      permutation({options_.seed, Stream::split, name, 0}, rows).to(unit_ND.device());
  AutoEncoder made = untrained(name, unit_ND.device());
  fit(made.network, unit_ND.index_select(0, order_N.slice(0, held_out)), name, options_);
  const at::NoGradGuard no_gradients;
  const Tensor unseen_ND = unit_ND.index_select(0, order_N.slice(0, 0, held_out));
  made.threshold.copy_(at::quantile(rebuilding_errors(made.network, unseen_ND), options_.quantile));
  return made;
}

void TaskSelector::add_task(const Tensor& unit_ND) {
  tasks_.push_back(trained(name_of(tasks()), unit_ND));
}

void TaskSelector::set_reference(const Tensor& unit_ND) {
  reference_.emplace(trained("selector.reference", unit_ND));
}

Tensor TaskSelector::errors(const Tensor& unit_BD) const {
  const at::NoGradGuard no_gradients;
  std::vector<Tensor> error_TB;
  for (const AutoEncoder& task : tasks_)
    error_TB.push_back(rebuilding_errors(task.network, unit_BD.to(at::kFloat)));
  if (error_TB.empty()) return at::empty({unit_BD.size(0), 0}, unit_BD.options().dtype(at::kFloat));
  return at::stack(error_TB, 1);
}

// Undefined without a reference.
Tensor TaskSelector::reference_errors(const Tensor& unit_BD) const {
  const at::NoGradGuard no_gradients;
  return reference_ ? rebuilding_errors(reference_->network, unit_BD.to(at::kFloat)) : Tensor();
}

// An error that is not a number is below no threshold.
Tensor TaskSelector::verdict(const Tensor& error_BT, const Tensor& reference_B) const {
  if (tasks_.empty()) return at::full({error_BT.size(0)}, -1, error_BT.options().dtype(at::kLong));
  std::vector<Tensor> thresholds;
  for (const AutoEncoder& task : tasks_) thresholds.push_back(task.threshold);
  const auto [least_B, task_B] = error_BT.min(1);
  Tensor known_B = least_B.le(at::cat(thresholds).index_select(0, task_B));
  if (reference_B.defined()) known_B = known_B.logical_and(least_B.le(reference_B));
  return task_B.masked_fill(known_B.logical_not(), -1);
}

Tensor TaskSelector::choose(const Tensor& unit_BD) const {
  return verdict(errors(unit_BD), reference_errors(unit_BD));
}

Tensor TaskSelector::choose_by_batch(const Tensor& unit_BD, int64_t batch) const {
  const auto means = [&](const Tensor& error_B) {
    std::vector<Tensor> means;
    for (const Tensor& some_B : error_B.split(batch)) means.push_back(some_B.mean(0, true));
    return at::cat(means);
  };
  const Tensor reference_B = reference_errors(unit_BD);
  const Tensor task_M =
      verdict(means(errors(unit_BD)), reference_B.defined() ? means(reference_B) : Tensor());
  return task_M.repeat_interleave(batch).narrow(0, 0, unit_BD.size(0));
}

std::vector<std::pair<std::string, Tensor>> TaskSelector::state() const {
  std::vector<std::pair<std::string, Tensor>> state;
  const auto add = [&](const AutoEncoder& one, const std::string& name) {
    for (const Parameter& parameter : one.network.parameters())
      state.emplace_back(parameter.name, parameter.value.detach());
    state.emplace_back(name + ".threshold", one.threshold);
  };
  for (int64_t t = 0; t < tasks(); ++t) add(tasks_[t], name_of(t));
  if (reference_) add(*reference_, "selector.reference");
  return state;
}

void TaskSelector::make_room(int64_t tasks, bool reference, c10::Device device) {
  while (this->tasks() < tasks) tasks_.push_back(untrained(name_of(this->tasks()), device));
  if (reference && !reference_) reference_.emplace(untrained("selector.reference", device));
}

}  // namespace moestro
