#include "moestro/train/expert_merging.h"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "moestro/core/error.h"
#include "moestro/core/random.h"
#include "moestro/surgery/merging.h"

namespace moestro {
namespace {

MergeKind kind_of(const MergeConfig& config) {
  if (config.kind == "average") return MergeKind::average;
  if (config.kind == "random") return MergeKind::random;
  if (config.kind == "copy") return MergeKind::copy;
  MOESTRO_CHECK(config.kind == "fresh", "merge.kind = {}", config.kind);
  return MergeKind::fresh;
}

std::vector<double> on_host(const Tensor& counts_E) {
  const Tensor here_E = counts_E.cpu();
  const double* first = here_E.const_data_ptr<double>();
  return {first, first + here_E.size(0)};
}

std::string bank_name(const AdapterLayer& layer) {
  return layer.name() + ".experts";
}

}  // namespace

ExpertMerging::ExpertMerging(AdaptedEncoder& model, const MergeConfig& config, uint64_t seed)
    : model_(model),
      config_(config),
      seed_(seed),
      task_use_(model),
      earlier_LE_(model.layers().size()),
      decisions_(at::zeros({1}, at::kLong)) {
  if (config_.every == 0) return;
  if (std::ranges::all_of(model.layers(), &AdapterLayer::is_common))
    throw UserError(
        "adapter.shared_layers = {} leaves no layer with experts to merge; expected fewer, or "
        "merge.every = 0",
        model.layers().size());
  for (const AdapterLayer& layer : model.layers())
    if (!layer.is_common()) check_mergeable(std::vector<bool>(layer.bank().experts(), true));
}

void ExpertMerging::begin_task(int64_t task, Optimiser& optimiser) {
  task_ = task;
  optimiser_ = &optimiser;
  task_use_ = ExpertUse(model_);
  decisions_.zero_();
  recent_LE_.clear();
  for (const Tensor& counts_E : task_use_.counts_LE())
    recent_LE_.push_back(at::zeros_like(counts_E, counts_E.options().dtype(at::kDouble)));
  for (size_t l = 0; l < earlier_LE_.size(); ++l) {
    const Tensor before_E = earlier_LE_[l];
    earlier_LE_[l] = at::zeros({recent_LE_[l].size(0)}, at::kLong);
    if (before_E.defined()) earlier_LE_[l].narrow(0, 0, before_E.size(0)).copy_(before_E);
  }
}

void ExpertMerging::after_step(const StepReport& report) {
  MOESTRO_CHECK(optimiser_, "no task has begun");
  const at::NoGradGuard no_gradients;
  count(report.traces);
  if (!merges_after(config_, report.step)) return;
  for (size_t l = 0; l < recent_LE_.size(); ++l)
    if (!model_.layers()[l].is_common()) merge(l, report.step);
}

void ExpertMerging::count(const std::vector<MixtureTrace>& traces) {
  if (traces.empty()) return;  // nothing but the encoder learns
  task_use_.add(traces);
  decisions_.add_(traces.front().routing.experts_BK.size(0));
  if (config_.every == 0) return;
  for (size_t l = 0; l < traces.size(); ++l) {
    if (model_.layers()[l].is_common()) continue;
    if (traces[l].routing.dense())
      throw UserError(
          "{}: the gate sends a sample to every expert; expected one that chooses fewer, or "
          "merge.every = 0",
          traces[l].layer);
    if (config_.counts == "moving") recent_LE_[l].mul_(kCountsKept);
    recent_LE_[l].add_(choices(traces[l].routing, recent_LE_[l].size(0)));
  }
}

int64_t ExpertMerging::decisions() const {
  return decisions_.item<int64_t>();
}

uint64_t ExpertMerging::draw_index(int64_t step) const {
  return (static_cast<uint64_t>(task_) << 32) + static_cast<uint64_t>(step);
}

std::vector<bool> ExpertMerging::overwritable(size_t layer) const {
  std::vector<bool> may_E = model_.layers()[layer].bank().frozen();
  may_E.flip();
  if (config_.target != "unused") return may_E;
  const int64_t* earlier_E = earlier_LE_[layer].const_data_ptr<int64_t>();
  for (size_t e = 0; e < may_E.size(); ++e) may_E[e] = may_E[e] && earlier_E[e] == 0;
  return may_E;
}

void ExpertMerging::merge(size_t layer, int64_t step) {
  AdapterLayer& own = model_.layers()[layer];
  const std::vector<double> count_E = on_host(recent_LE_[layer]);
  MergeOptions options;
  options.kind = kind_of(config_);
  options.weights = config_.weights == "count" ? MergeWeights::count : MergeWeights::equal;
  options.draw = {seed_, Stream::noise, own.name(), draw_index(step)};
  const std::optional<MergePlan> plan = plan_merge(count_E, overwritable(layer), options);
  if (!plan) return;

  MergeEntry entry;
  entry.task = task_;
  entry.layer = static_cast<int64_t>(layer);
  entry.step = step;
  entry.i = plan->i;
  entry.j = plan->j;
  entry.k = plan->k;
  entry.count_E = count_E;
  const double cosine = expert_cosine(own.bank().tensors(), plan->i, plan->j);
  if (!std::isnan(cosine)) entry.cosine = cosine;
  apply(own, *plan, step);
  if (config_.counts == "since_merge") recent_LE_[layer].zero_();
  record(std::move(entry));
}

void ExpertMerging::apply(AdapterLayer& layer, const MergePlan& plan, int64_t step) {
  const FeedForwardBank& bank = layer.bank();
  MOESTRO_CHECK(!bank.frozen()[plan.k], "{}: expert {} is frozen", bank_name(layer), plan.k);
  if (config_.kind == "fresh") {
    const uint64_t seed = RandomKey{seed_, Stream::init, layer.name(), draw_index(step)}.hash();
    overwrite(bank.tensors(), plan.k,
              FeedForwardBank(bank.shape(), bank_name(layer), 1, seed).tensors());
  } else {
    overwrite(bank.tensors(), plan.k,
              merged(bank.tensors(), plan,
                     config_.align ? hidden_layers(bank.shape()) : std::vector<HiddenLayer>()));
  }
  optimiser_->clear(bank_name(layer), plan.k);
  if (config_.gate == "mean") layer.average_scoring(task_, plan.i, plan.j, plan.k);
}

void ExpertMerging::close(MergeEntry& entry, const std::vector<int64_t>& count_E) const {
  const int64_t later = decisions() - entry.decisions;
  if (later > 0)
    entry.later_share =
        static_cast<double>(count_E[entry.k] - entry.used) / static_cast<double>(later);
}

void ExpertMerging::record(MergeEntry entry) {
  const Tensor here_E = task_use_.counts_LE()[entry.layer].cpu();
  const int64_t* first = here_E.const_data_ptr<int64_t>();
  const std::vector<int64_t> count_E(first, first + here_E.size(0));
  for (MergeEntry& before : journal_)
    if (before.task == task_ && before.layer == entry.layer && before.k == entry.k &&
        !before.later_share)
      close(before, count_E);
  entry.used = count_E[entry.k];
  entry.decisions = decisions();
  journal_.push_back(std::move(entry));
}

void ExpertMerging::end_task(const LayerCounts& used) {
  MOESTRO_CHECK(used.size() == earlier_LE_.size(), "counts of {} layers", used.size());
  const LayerCounts counts = task_counts();
  for (MergeEntry& entry : journal_)
    if (entry.task == task_ && !entry.later_share) close(entry, counts[entry.layer]);
  for (size_t l = 0; l < used.size(); ++l) earlier_LE_[l].add_(at::tensor(used[l], at::kLong));
  optimiser_ = nullptr;
}

std::vector<std::pair<std::string, Tensor>> ExpertMerging::state() const {
  std::vector<std::pair<std::string, Tensor>> state = {{"merging.decisions", decisions_}};
  for (size_t l = 0; l < recent_LE_.size(); ++l) {
    const std::string name = fmt::format("merging.{}.", l);
    state.emplace_back(name + "task", task_use_.counts_LE()[l]);
    state.emplace_back(name + "recent", recent_LE_[l]);
    state.emplace_back(name + "earlier", earlier_LE_[l]);
  }
  return state;
}

}  // namespace moestro
