#include "sorted_rows.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "../first_derivative.h"
#include "moestro/core/error.h"
#include "routed_rows.h"

namespace moestro {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

constexpr int64_t kSum = 0;  // of embedding_bag's modes

// Which choices are a token's: where they begin in the flat list.
Tensor first_choices(const Tensor& row_NK) {
  return at::arange(0, row_NK.numel(), row_NK.size(1), row_NK.options());
}

// An embedding bag is this very sum in one kernel; its padding index is the row without a choice.
Tensor sum_of_choices(const Tensor& in_RD, const Tensor& row_NK,
                      const std::optional<Tensor>& weights_NK) {
  if (row_NK.numel() == 0) return at::zeros({row_NK.size(0), in_RD.size(1)}, in_RD.options());
  std::optional<Tensor> weights_M;
  if (weights_NK) weights_M = weights_NK->to(in_RD.scalar_type()).flatten();
  return std::get<0>(at::_embedding_bag_forward_only(
      in_RD, row_NK.flatten(), first_choices(row_NK), /*scale_grad_by_freq=*/false, kSum,
      /*sparse=*/false, weights_M, /*include_last_offset=*/false, /*padding_idx=*/row_NK.numel()));
}

struct RowsOfTokens : torch::autograd::Function<RowsOfTokens> {
  static Tensor forward(AutogradContext* context, const Tensor& x_ND, const Tensor& token_R,
                        const Tensor& row_NK) {
    context->save_for_backward({row_NK});
    return x_ND.index_select(0, token_R);
  }

  static tensor_list backward(AutogradContext* context, tensor_list grads) {
    refuse_second_derivatives("sparse_feed_forward");
    return {sum_of_choices(grads[0].contiguous(), context->get_saved_variables()[0], {}), Tensor(),
            Tensor()};
  }
};

struct TokensOfRows : torch::autograd::Function<TokensOfRows> {
  static Tensor forward(AutogradContext* context, const Tensor& out_RD, const Tensor& weights_NK,
                        const Tensor& token_R, const Tensor& place_R, const Tensor& row_NK) {
    context->save_for_backward({out_RD, weights_NK, token_R, place_R, row_NK});
    return sum_of_choices(out_RD, row_NK, weights_NK);
  }

  static tensor_list backward(AutogradContext* context, tensor_list grads) {
    refuse_second_derivatives("sparse_feed_forward");
    const auto saved = context->get_saved_variables();
    const Tensor &out_RD = saved[0], &weights_NK = saved[1], &row_NK = saved[4];
    const Tensor grad_ND = grads[0].contiguous();
    tensor_list made(5);
    if (row_NK.numel() == 0)
      return {at::zeros_like(out_RD), at::zeros_like(weights_NK), {}, {}, {}};
    const Tensor grad_RD = grad_ND.index_select(0, saved[2]);
    if (context->needs_input_grad(1)) {
      const at::ScalarType wide = at::promote_types(out_RD.scalar_type(), at::kFloat);
      const Tensor grad_R = (grad_RD.to(wide) * out_RD).sum(1);
      made[1] = grad_R.index_select(0, row_NK.flatten())
                    .view_as(weights_NK)
                    .masked_fill(row_NK.eq(row_NK.numel()), 0)
                    .to(weights_NK.scalar_type());
    }
    if (context->needs_input_grad(0)) {
      const Tensor weights_R =
          weights_NK.to(out_RD.scalar_type()).flatten().index_select(0, saved[3]);
      made[0] = grad_RD * weights_R.unsqueeze(1);
    }
    return made;
  }
};

// A choice as what it is sorted by: experts, then what is out of range, then what is empty.
Tensor sort_keys(const Tensor& experts_M, int64_t experts) {
  const at::ScalarType narrow = experts < 32000 ? at::kShort : at::kInt;
  return experts_M.clamp(-2, experts).remainder_(experts + 2).to(narrow);
}

}  // namespace

SortedRows sort_rows(const Tensor& experts_NK, int64_t experts, bool ends_on_host) {
  const Tensor experts_M = experts_NK.flatten();
  const int64_t places = experts_M.numel();
  const auto [keys_M, order_M] =
      at::sort(sort_keys(experts_M, experts), /*stable=*/true, /*dim=*/0, /*descending=*/false);

  SortedRows rows;
  rows.place_R = places == 0 ? order_M : at::constant_pad_nd(order_M, {0, 1}, 0);
  rows.token_R = places == 0 ? order_M : rows.place_R.floor_divide(experts_NK.size(1));
  rows.row_NK = at::empty_like(experts_M)
                    .scatter_(0, order_M, at::arange(places, experts_M.options()))
                    .masked_fill_(experts_M.eq(-1), places)
                    .view(experts_NK.sizes());
  // Behind the experts' ends, the one of what is out of range.
  const Tensor ends = at::searchsorted(keys_M, at::arange(experts + 1, keys_M.options()),
                                       /*out_int32=*/true, /*right=*/true);
  rows.ends_E = ends.narrow(0, 0, experts);
  if (!ends_on_host) {
    at::_assert_async(ends[experts - 1].eq(ends[experts]),
                      "a row is sent to an expert out of range");
    return rows;
  }
  const Tensor read = ends.cpu().to(at::kLong);
  const int64_t* values = read.const_data_ptr<int64_t>();
  if (values[experts - 1] != values[experts]) route_rows(experts_NK.cpu(), experts);  // throws
  rows.ends.assign(values, values + experts);
  return rows;
}

Tensor rows_of_tokens(const Tensor& x_ND, const SortedRows& rows) {
  return RowsOfTokens::apply(x_ND, rows.token_R, rows.row_NK);
}

Tensor tokens_of_rows(const Tensor& out_RD, const Tensor& weights_NK, const SortedRows& rows) {
  return TokensOfRows::apply(out_RD, weights_NK, rows.token_R, rows.place_R, rows.row_NK);
}

}  // namespace moestro
