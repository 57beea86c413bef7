// The choices of a batch sorted by expert where they lie, on any device; what RoutedRows is to the
// kernels of the CPU.
#pragma once

#include <vector>

#include "moestro/core/tensor.h"

namespace moestro {

// R = N K + 1 rows, one a choice: sorted by expert and then by place n K + k, those of empty
// choices behind them, and one that belongs to no choice. What becomes of the last two kinds is not
// defined, and nothing may read it.
struct SortedRows {
  Tensor place_R, token_R;    // int64: n K + k, and n; 0 of the row without a choice
  Tensor row_NK;              // int64: the row of a choice; N K of an empty one
  Tensor ends_E;              // int32: where an expert's rows end
  std::vector<int64_t> ends;  // the same on the host, where asked for

  int64_t places() const { return row_NK.numel(); }
};

// experts_NK int64 in [-1, experts). ends_on_host: waits for the device, once, and throws UserError
// for a choice out of range; without it, nothing waits, and the device stops at such a choice.
SortedRows sort_rows(const Tensor& experts_NK, int64_t experts, bool ends_on_host);

// x_ND -> x_RD, and back: y_n = sum_k w_nk out_R[row_nk] without the empty choices, summed in
// float32 at least. Differentiable, without atomic additions: the same bits every time.
Tensor rows_of_tokens(const Tensor& x_ND, const SortedRows& rows);
Tensor tokens_of_rows(const Tensor& out_RD, const Tensor& weights_NK, const SortedRows& rows);

}  // namespace moestro
