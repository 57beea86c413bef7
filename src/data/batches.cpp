#include "moestro/data/batches.h"

#include <omp.h>

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include "moestro/core/error.h"
#include "moestro/core/random.h"
#include "moestro/data/answers.h"
#include "moestro/data/prefetch.h"

namespace moestro {
namespace {

constexpr size_t kReadyBatches = 3;

// The threads are the training step's: this one works alone beside them.
void work_alone() {
  at::get_num_threads();  // LibTorch sets a thread's count at its first use
  omp_set_num_threads(1);
}

// Texts by the length of their source, then of their target, then by seed.
Tensor order_by_length(const Tensor& lengths_N, const Tensor& target_lengths_N, uint64_t seed) {
  Tensor order_N = permutation({seed, Stream::order, "ties", 0}, lengths_N.size(0));
  for (const Tensor& key_N : {target_lengths_N, lengths_N})
    if (key_N.defined())
      order_N = order_N.index_select(
          0, key_N.index_select(0, order_N).argsort(/*stable=*/true, 0, /*descending=*/false));
  return order_N;
}

std::vector<Tensor> batches_of_tokens(const Tensor& lengths_N, const Tensor& target_lengths_N,
                                      int64_t tokens, uint64_t seed) {
  const Tensor order_N = order_by_length(lengths_N, target_lengths_N, seed);
  const Tensor both_N = target_lengths_N.defined() ? lengths_N + target_lengths_N : lengths_N;
  const Tensor sorted_N = both_N.index_select(0, order_N);
  const auto* count = sorted_N.const_data_ptr<int64_t>();
  std::vector<Tensor> batches;
  int64_t first = 0, held = 0;
  for (int64_t i = 0; i < sorted_N.size(0); ++i) {
    if (i > first && held + count[i] > tokens) {
      batches.push_back(order_N.slice(0, first, i));
      first = i;
      held = 0;
    }
    held += count[i];
  }
  batches.push_back(order_N.slice(0, first));
  return batches;
}

}  // namespace

Batches::Batches(const Dataset& dataset, const Normaliser& normaliser, const BatchOptions& options,
                 const Augmentation& augmentation)
    : dataset_(dataset), normaliser_(normaliser), options_(options), augmentation_(augmentation) {
  MOESTRO_CHECK(options_.batch > 0 && dataset_.rows() > 0);
  augmentation_.check(dataset_);
  if (dataset_.is_text()) lengths_N_ = dataset_.lengths_N();
  if (dataset_.is_translation()) target_lengths_N_ = lengths(dataset_.targets_N);
  if (lengths_N_.defined() && options_.tokens > 0)
    batches_ = batches_of_tokens(lengths_N_, target_lengths_N_, options_.tokens, options_.seed);
  dataset_.inputs = dataset_.inputs.to(options_.device);
  if (dataset_.has_targets())
    dataset_.targets_N = normaliser_.apply_to_targets(dataset_.targets_N).to(options_.device);
}

Batches::~Batches() = default;

int64_t Batches::steps_per_epoch() const {
  if (!batches_.empty()) return static_cast<int64_t>(batches_.size());
  const int64_t whole = rows() / options_.batch;
  return options_.drop_last || rows() % options_.batch == 0 ? whole : whole + 1;
}

void Batches::start(int64_t epoch, int64_t first_batch) {
  MOESTRO_CHECK(epoch >= 0 && first_batch >= 0 && first_batch <= steps_per_epoch());
  prefetch_.reset();
  epoch_ = epoch;
  next_ = first_batch;
  end_ = steps_per_epoch();
  const Tensor order_N = epoch_order();
  if (lengths_N_.defined()) measure_texts(order_N);
  if (order_N.defined()) order_N_ = order_N.to(options_.device);
  if (!options_.device.is_cpu()) draws_N_ = epoch_draws().to(options_.device);
  if (!options_.prefetch || !options_.device.is_cpu()) return;
  const auto make_alone = [this, alone = false](int64_t batch) mutable {
    if (!alone) work_alone();
    alone = true;
    return make(batch);
  };
  prefetch_ = std::make_unique<Prefetch<Batch>>(make_alone, next_, end_, kReadyBatches);
}

// Sets begins_. On the CPU; undefined for the set's own order.
Tensor Batches::epoch_order() {
  const int64_t steps = steps_per_epoch();
  const auto drawn = [this](const char* what, int64_t count) {
    return permutation({options_.seed, Stream::order, what, static_cast<uint64_t>(epoch_)}, count);
  };
  begins_ = {0};
  if (batches_.empty()) {
    for (int64_t batch = 1; batch <= steps; ++batch)
      begins_.push_back(std::min(batch * options_.batch, rows()));
    return options_.shuffle ? drawn("rows", rows()) : Tensor();
  }
  const Tensor turns = options_.shuffle ? drawn("batches", steps) : at::arange(steps, at::kLong);
  std::vector<Tensor> order;
  for (int64_t step = 0; step < steps; ++step) {
    order.push_back(batches_[static_cast<size_t>(turns.const_data_ptr<int64_t>()[step])]);
    begins_.push_back(begins_.back() + order.back().size(0));
  }
  return at::cat(order);
}

uint64_t Batches::step_of(int64_t batch) const {
  return static_cast<uint64_t>(epoch_ * steps_per_epoch() + batch);
}

// All at once: to bring over what each batch needs would have the GPU wait in every step.
AugmentDraws Batches::epoch_draws() const {
  std::vector<AugmentDraws> draws;
  if (augmentation_.empty()) return {};
  for (size_t batch = 0; batch + 1 < begins_.size(); ++batch)
    draws.push_back(augmentation_.draw(begins_[batch + 1] - begins_[batch], options_.seed,
                                       step_of(static_cast<int64_t>(batch))));
  return AugmentDraws::joined(draws);
}

// Counted ahead and on the CPU: a device would be waited for in every step.
void Batches::measure_texts(const Tensor& order_N) {
  const auto longest = [&](const Tensor& lengths_N) {
    std::vector<int64_t> out;
    if (!lengths_N.defined()) return out;
    const Tensor ordered_N = order_N.defined() ? lengths_N.index_select(0, order_N) : lengths_N;
    for (size_t batch = 0; batch + 1 < begins_.size(); ++batch)
      out.push_back(ordered_N.slice(0, begins_[batch], begins_[batch + 1]).max().item<int64_t>());
    return out;
  };
  longest_ = longest(lengths_N_);
  target_longest_ = longest(target_lengths_N_);
}

std::optional<Batch> Batches::next() {
  if (prefetch_) return prefetch_->next();
  if (next_ == end_) return {};
  return make(next_++);
}

Batch Batches::make(int64_t batch) const {
  const at::NoGradGuard no_grad;
  const auto number = static_cast<size_t>(batch);
  const int64_t first = begins_[number], count = begins_[number + 1] - first;
  Batch out;
  Tensor inputs;
  if (order_N_.defined()) {
    out.rows_N = order_N_.narrow(0, first, count);
    inputs = dataset_.inputs.index_select(0, out.rows_N);
    if (dataset_.has_targets()) out.targets_N = dataset_.targets_N.index_select(0, out.rows_N);
  } else {
    out.rows_N = at::arange(first, first + count, dataset_.inputs.options().dtype(at::kLong));
    inputs = dataset_.inputs.narrow(0, first, count);
    if (dataset_.has_targets()) out.targets_N = dataset_.targets_N.narrow(0, first, count);
  }
  if (!longest_.empty()) inputs = inputs.narrow(1, 0, longest_[number]);
  if (!target_longest_.empty()) out.targets_N = out.targets_N.narrow(1, 0, target_longest_[number]);
  const AugmentDraws draws = options_.device.is_cpu()
                                 ? augmentation_.draw(count, options_.seed, step_of(batch))
                                 : draws_N_.narrow(first, count);
  out.inputs = normaliser_.apply(augmentation_.apply(inputs, draws));
  return out;
}

}  // namespace moestro
