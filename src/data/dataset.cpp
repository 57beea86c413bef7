#include "moestro/data/dataset.h"

#include <ATen/Functions.h>
#include <fmt/ranges.h>

#include "moestro/core/error.h"
#include "moestro/store/digest.h"

namespace moestro {
namespace {

void add_tensor(Sha256& digest, const Tensor& tensor) {
  if (!tensor.defined()) return;
  digest.update(
      fmt::format("{} {}\n", toString(tensor.scalar_type()), shape_text(tensor.sizes().vec())));
  const Tensor plain = tensor.cpu().contiguous();
  digest.update({static_cast<const char*>(plain.data_ptr()), plain.nbytes()});
}

}  // namespace

int64_t Dataset::rows() const {
  return inputs.defined() ? inputs.size(0) : 0;
}

Shape Dataset::sample_shape() const {
  MOESTRO_CHECK(inputs.defined() && inputs.dim() >= 2);
  return inputs.sizes().slice(1).vec();
}

bool Dataset::is_image() const {
  return inputs.defined() && inputs.scalar_type() == at::kByte;
}

int64_t Dataset::bytes() const {
  return static_cast<int64_t>((inputs.defined() ? inputs.nbytes() : 0) +
                              (targets_N.defined() ? targets_N.nbytes() : 0));
}

std::vector<int64_t> Dataset::class_counts() const {
  MOESTRO_CHECK(classes > 0 && has_targets());
  const Tensor counts = at::bincount(targets_N, {}, classes);
  return {counts.data_ptr<int64_t>(), counts.data_ptr<int64_t>() + counts.numel()};
}

std::string Dataset::digest() const {
  Sha256 digest;
  add_tensor(digest, inputs);
  add_tensor(digest, targets_N);
  return digest.hex();
}

Dataset select_rows(const Dataset& dataset, const Tensor& rows_M) {
  Dataset out = dataset;
  out.inputs = dataset.inputs.index_select(0, rows_M);
  if (dataset.has_targets()) out.targets_N = dataset.targets_N.index_select(0, rows_M);
  return out;
}

void check_labels(const std::string& file, const Tensor& labels_N, int64_t classes) {
  const Tensor wrong = at::nonzero(labels_N.lt(0).logical_or(labels_N.ge(classes)));
  if (wrong.numel() == 0) return;
  const auto row = wrong[0].item<int64_t>();
  throw UserError("{}: label {} of row {} (counted from 0); expected 0 to {}", file,
                  labels_N[row].item<int64_t>(), row, classes - 1);
}

}  // namespace moestro
