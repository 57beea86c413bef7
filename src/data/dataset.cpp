#include "moestro/data/dataset.h"

#include <algorithm>

#include <ATen/Functions.h>
#include <fmt/ranges.h>

#include "moestro/core/error.h"
#include "moestro/core/suggest.h"
#include "moestro/data/answers.h"
#include "moestro/store/tensor_digest.h"

namespace moestro {
namespace {

void add_texts(Sha256& digest, const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    digest.update(fmt::format("{} ", text.size()));
    digest.update(text);
  }
}

std::vector<std::string> select_texts(const std::vector<std::string>& texts, const Tensor& rows_M) {
  std::vector<std::string> out;
  if (texts.empty()) return out;
  const Tensor rows = rows_M.cpu().contiguous();
  for (int64_t i = 0; i < rows.numel(); ++i)
    out.push_back(texts[static_cast<size_t>(rows.const_data_ptr<int64_t>()[i])]);
  return out;
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

bool Dataset::is_text() const {
  return inputs.defined() && inputs.scalar_type() == at::kInt;
}

bool Dataset::is_translation() const {
  return is_text() && has_targets() && targets_N.dim() == 2;
}

Tensor Dataset::lengths_N() const {
  MOESTRO_CHECK(is_text());
  return lengths(inputs);
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
  add_texts(digest, texts);
  add_texts(digest, target_texts);
  return digest.hex();
}

Dataset select_rows(const Dataset& dataset, const Tensor& rows_M) {
  Dataset out = dataset;
  out.inputs = dataset.inputs.index_select(0, rows_M);
  if (dataset.has_targets()) out.targets_N = dataset.targets_N.index_select(0, rows_M);
  out.texts = select_texts(dataset.texts, rows_M);
  out.target_texts = select_texts(dataset.target_texts, rows_M);
  return out;
}

Tensor map_classes(const std::string& file, const Tensor& targets_N,
                   const std::vector<std::string>& names, const std::vector<std::string>& known) {
  if (names == known) return targets_N;
  if (names.empty())
    throw UserError("{}: the targets are values; expected the classes {}", file, joined(known));
  std::vector<int64_t> index;
  for (const std::string& name : names) {
    const auto found = std::find(known.begin(), known.end(), name);
    if (found == known.end())
      throw UserError("{}: unknown class \"{}\"; expected {}{}", file, name,
                      known.empty() ? "values" : "one of " + joined(known),
                      suggestion(name, known));
    index.push_back(found - known.begin());
  }
  return at::tensor(index, at::kLong).index_select(0, targets_N);
}

void check_labels(const std::string& file, const Tensor& labels_N, int64_t classes) {
  const Tensor wrong = at::nonzero(labels_N.lt(0).logical_or(labels_N.ge(classes)));
  if (wrong.numel() == 0) return;
  const auto row = wrong[0].item<int64_t>();
  throw UserError("{}: label {} of row {} (counted from 0); expected 0 to {}", file,
                  labels_N[row].item<int64_t>(), row, classes - 1);
}

}  // namespace moestro
