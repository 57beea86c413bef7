#include "moestro/data/batches.h"

#include <omp.h>

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include "moestro/core/error.h"
#include "moestro/core/random.h"
#include "moestro/data/prefetch.h"

namespace moestro {
namespace {

constexpr size_t kReadyBatches = 3;

// The threads are the training step's: this one works alone beside them.
void work_alone() {
  at::get_num_threads();  // LibTorch sets a thread's count at its first use
  omp_set_num_threads(1);
}

}  // namespace

Batches::Batches(const Dataset& dataset, const Normaliser& normaliser, const BatchOptions& options,
                 const Augmentation& augmentation)
    : dataset_(dataset), normaliser_(normaliser), options_(options), augmentation_(augmentation) {
  MOESTRO_CHECK(options_.batch > 0 && dataset_.rows() > 0);
  augmentation_.check(dataset_);
  dataset_.inputs = dataset_.inputs.to(options_.device);
  if (dataset_.has_targets())
    dataset_.targets_N = normaliser_.apply_to_targets(dataset_.targets_N).to(options_.device);
}

Batches::~Batches() = default;

int64_t Batches::steps_per_epoch() const {
  const int64_t whole = rows() / options_.batch;
  return options_.drop_last || rows() % options_.batch == 0 ? whole : whole + 1;
}

void Batches::start(int64_t epoch, int64_t first_batch) {
  MOESTRO_CHECK(epoch >= 0 && first_batch >= 0 && first_batch <= steps_per_epoch());
  prefetch_.reset();
  epoch_ = epoch;
  next_ = first_batch;
  end_ = steps_per_epoch();
  if (options_.shuffle)
    order_N_ =
        permutation({options_.seed, Stream::order, "rows", static_cast<uint64_t>(epoch)}, rows())
            .to(options_.device);
  if (!options_.prefetch || !options_.device.is_cpu()) return;
  const auto make_alone = [this, alone = false](int64_t batch) mutable {
    if (!alone) work_alone();
    alone = true;
    return make(batch);
  };
  prefetch_ = std::make_unique<Prefetch<Batch>>(make_alone, next_, end_, kReadyBatches);
}

std::optional<Batch> Batches::next() {
  if (prefetch_) return prefetch_->next();
  if (next_ == end_) return {};
  return make(next_++);
}

Batch Batches::make(int64_t batch) const {
  const at::NoGradGuard no_grad;
  const int64_t first = batch * options_.batch;
  const int64_t count = std::min(options_.batch, rows() - first);
  Batch out;
  Tensor inputs;
  if (options_.shuffle) {
    out.rows_N = order_N_.narrow(0, first, count);
    inputs = dataset_.inputs.index_select(0, out.rows_N);
    if (dataset_.has_targets()) out.targets_N = dataset_.targets_N.index_select(0, out.rows_N);
  } else {
    out.rows_N = at::arange(first, first + count, dataset_.inputs.options().dtype(at::kLong));
    inputs = dataset_.inputs.narrow(0, first, count);
    if (dataset_.has_targets()) out.targets_N = dataset_.targets_N.narrow(0, first, count);
  }
  const auto step = static_cast<uint64_t>(epoch_ * steps_per_epoch() + batch);
  out.inputs = normaliser_.apply(augmentation_.apply(inputs, options_.seed, step));
  return out;
}

}  // namespace moestro
