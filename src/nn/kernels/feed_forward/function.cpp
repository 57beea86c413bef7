#include "function.h"

#include <ATen/ATen.h>
#include <ATen/record_function.h>
#include <torch/csrc/autograd/custom_function.h>

#include "../first_derivative.h"
#include "../optional_tensor.h"

namespace moestro {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

struct BlockFeedForward : torch::autograd::Function<BlockFeedForward> {
  static Tensor forward(AutogradContext* context, const Tensor& x_ND, const Tensor& weights_NK,
                        const Tensor& up_EDF, const Tensor& down_EFD,
                        const std::optional<Tensor>& up_bias_EF,
                        const std::optional<Tensor>& down_bias_ED, const Tensor& experts_NK,
                        bool differentiable, FeedForwardKind kind, Arithmetic arithmetic) {
    RECORD_FUNCTION("moestro::sparse_feed_forward", c10::ArrayRef<const c10::IValue>());
    const SparseLayer layer(
        {up_EDF, down_EFD, up_bias_EF.value_or(Tensor()), down_bias_ED.value_or(Tensor())}, kind,
        arithmetic);
    const RoutedRows routed = route_rows(experts_NK, layer.shape.experts);
    const Tensor x = x_ND.contiguous();
    Tensor kept_MF;
    Tensor y_ND = forward_blocks(layer, x, routed_weights(weights_NK, routed), routed,
                                 differentiable ? &kept_MF : nullptr);
    context->save_for_backward({x, weights_NK, experts_NK, up_EDF, down_EFD,
                                up_bias_EF.value_or(Tensor()), down_bias_ED.value_or(Tensor()),
                                kept_MF});
    context->saved_data["kind"] = static_cast<int64_t>(kind);
    context->saved_data["vectors"] = static_cast<int64_t>(arithmetic.vectors);
    context->saved_data["bfloat16"] = arithmetic.bfloat16_products;
    return y_ND;
  }

  static tensor_list backward(AutogradContext* context, tensor_list grads) {
    RECORD_FUNCTION("moestro::sparse_feed_forward_backward", c10::ArrayRef<const c10::IValue>());
    refuse_second_derivatives("sparse_feed_forward");
    const auto saved = context->get_saved_variables();
    const Tensor &x_ND = saved[0], &weights_NK = saved[1];
    const SparseLayer layer({saved[3], saved[4], saved[5], saved[6]},
                            static_cast<FeedForwardKind>(context->saved_data["kind"].toInt()),
                            {static_cast<VectorPath>(context->saved_data["vectors"].toInt()),
                             context->saved_data["bfloat16"].toBool()});
    const RoutedRows routed = route_rows(saved[2], layer.shape.experts);
    WantedGrads wanted{context->needs_input_grad(0), context->needs_input_grad(1),
                       context->needs_input_grad(2), context->needs_input_grad(3)};
    // Inputs that are not there do not count: a bias follows at the next place.
    size_t next = 4;
    wanted.up_bias = saved[5].defined() && context->needs_input_grad(next++);
    wanted.down_bias = saved[6].defined() && context->needs_input_grad(next++);
    FeedForwardGrads made =
        backward_blocks(layer, x_ND, routed_weights(weights_NK, routed), routed, saved[7],
                        grads[0].to(x_ND.scalar_type()).contiguous(), wanted);
    const auto as = [](const Tensor& grad, const Tensor& input) {
      return grad.defined() ? grad.to(input.scalar_type()) : grad;
    };
    return {made.x_ND,
            as(made.weights_NK, weights_NK),
            made.up_EDF,
            made.down_EFD,
            as(made.up_bias_EF, saved[5]),
            as(made.down_bias_ED, saved[6]),
            Tensor(),
            Tensor(),
            Tensor(),
            Tensor()};
  }
};

}  // namespace

Tensor block_feed_forward(const Tensor& x_ND, const Tensor& experts_NK, const Tensor& weights_NK,
                          const FeedForwardWeights& experts, FeedForwardKind kind,
                          Arithmetic arithmetic) {
  const auto needs = [](const Tensor& t) { return t.defined() && t.requires_grad(); };
  const bool differentiable =
      at::GradMode::is_enabled() &&
      (needs(x_ND) || needs(weights_NK) || needs(experts.up_EDF) || needs(experts.down_EFD) ||
       needs(experts.up_bias_EF) || needs(experts.down_bias_ED));
  return BlockFeedForward::apply(x_ND, weights_NK, experts.up_EDF, experts.down_EFD,
                                 optional(experts.up_bias_EF), optional(experts.down_bias_ED),
                                 experts_NK, differentiable, kind, arithmetic);
}

}  // namespace moestro
