#include "moestro/nn/packing.h"

#include <ATen/ATen.h>

#include "moestro/core/error.h"
#include "moestro/core/on_device.h"

namespace moestro {

namespace {

// Lists of int64, in one copy.
std::vector<Tensor> all_on_device(const std::vector<Tensor>& lists, c10::Device device) {
  if (device.is_cpu()) return lists;
  std::vector<int64_t> sizes;
  for (const Tensor& list : lists) sizes.push_back(list.size(0));
  return on_device(at::cat(lists), device).split_with_sizes(sizes);
}

}  // namespace

Packing::Packing(const Tensor& lengths_B, c10::Device device) {
  MOESTRO_CHECK(lengths_B.dim() == 1 && lengths_B.is_cpu() && lengths_B.numel() > 0);
  MOESTRO_CHECK(lengths_B.min().item<int64_t>() >= 1, "a sentence without tokens");
  sentences_ = lengths_B.size(0);
  longest_ = lengths_B.max().item<int64_t>();
  rows_ = lengths_B.sum().item<int64_t>();
  const Tensor valid_BT = at::arange(longest_, at::kLong).unsqueeze(0) < lengths_B.unsqueeze(1);
  const Tensor places_N = valid_BT.flatten().nonzero().squeeze(1);
  const Tensor begins_B1 = at::constant_pad_nd(lengths_B.cumsum(0), {1, 0});
  const auto lists = all_on_device({places_N.floor_divide(longest_), places_N.remainder(longest_),
                                    begins_B1, lengths_B, places_N},
                                   device);
  sentence_N_ = lists[0];
  positions_N_ = lists[1];
  first_B_ = lists[2].narrow(0, 0, sentences_);
  begins_B1_ = lists[2].to(at::kInt);
  length_B1_ = lists[3].to(at::kFloat).unsqueeze(1);
  if (full()) return;
  places_N_ = lists[4];
  valid_BT_ = at::arange(longest_, lists[3].options()).unsqueeze(0) < lists[3].unsqueeze(1);
}

Packing::Packing(int64_t sentences, int64_t length, c10::Device device)
    : Packing(at::full({sentences}, length, at::kLong), device) {}

Tensor Packing::pad(const Tensor& x_N) const {
  MOESTRO_CHECK(x_N.size(0) == rows_, "{} rows, {} packed", x_N.size(0), rows_);
  Shape padded = {sentences_, longest_};
  for (int64_t axis = 1; axis < x_N.dim(); ++axis) padded.push_back(x_N.size(axis));
  if (full()) return x_N.view(padded);
  Shape flat = {sentences_ * longest_};
  flat.insert(flat.end(), padded.begin() + 2, padded.end());
  return at::zeros(flat, x_N.options().requires_grad(false))
      .index_copy_(0, places_N_, x_N)
      .view(padded);
}

Tensor Packing::pack(const Tensor& x_BT) const {
  MOESTRO_CHECK(x_BT.size(0) == sentences_ && x_BT.size(1) == longest_);
  const Tensor flat = x_BT.flatten(0, 1);
  return full() ? flat : flat.index_select(0, places_N_);
}

Tensor Packing::first(const Tensor& x_ND) const {
  return x_ND.index_select(0, first_B_);
}

Tensor Packing::mean(const Tensor& x_ND) const {
  const at::ScalarType type = at::promote_types(x_ND.scalar_type(), at::kFloat);
  const at::TensorOptions options = x_ND.options().dtype(type).requires_grad(false);
  const Tensor sums_BD =
      at::zeros({sentences_, x_ND.size(1)}, options).index_add(0, sentence_N_, x_ND.to(type));
  return (sums_BD / length_B1_).to(x_ND.scalar_type());
}

}  // namespace moestro
