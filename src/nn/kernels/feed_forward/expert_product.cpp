#include "expert_product.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "../first_derivative.h"
#include "../optional_tensor.h"

namespace moestro {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

constexpr int64_t kAlignment = 16;  // bytes

// As at::_grouped_mm wants it.
Tensor aligned(const Tensor& tensor) {
  const Tensor contiguous = tensor.contiguous();
  const auto address = reinterpret_cast<uintptr_t>(contiguous.const_data_ptr());
  return address % kAlignment == 0 ? contiguous : contiguous.clone();
}

// A bias is one more row of the weights, which columns of ones are multiplied with: added behind
// the product, it would meet a rounded one, and relu's derivative turn over where both nearly
// cancel.
Tensor with_ones(const Tensor& x_RD) {
  return at::constant_pad_nd(x_RD, {0, kAlignment / x_RD.element_size()}, 1);
}
Tensor with_bias(const Tensor& weight_EDF, const Tensor& bias_EF) {
  const int64_t rows = kAlignment / weight_EDF.element_size();
  return at::cat({weight_EDF, at::constant_pad_nd(bias_EF.unsqueeze(1), {0, 0, 0, rows - 1})}, 1);
}

struct Grouped {
  Tensor ends_E;

  Tensor product(const Tensor& x_RD, const Tensor& weight_EDF) const {
    return at::_grouped_mm(x_RD, weight_EDF, ends_E);
  }

  // [E, D, F]. Some cards leave that of an expert without rows undefined (pytorch/pytorch, issue
  // 172439).
  Tensor weight_grad(const Tensor& x_RD, const Tensor& grad_RF) const {
    const Tensor grad_EDF = at::_grouped_mm(x_RD.t(), grad_RF, ends_E);
    const Tensor count_E = at::diff(ends_E, 1, 0, at::zeros({1}, ends_E.options()));
    return grad_EDF.masked_fill_(count_E.eq(0).view({-1, 1, 1}), 0);
  }
};

struct Looped {
  std::vector<int64_t> ends;

  template <class Function>
  void each(const Function& function) const {
    int64_t first = 0;
    for (size_t e = 0; e < ends.size(); ++e) {
      function(static_cast<int64_t>(e), first, ends[e] - first);
      first = ends[e];
    }
  }

  Tensor product(const Tensor& x_RD, const Tensor& weight_EDF, const Tensor& bias_EF) const {
    Tensor out_RF = at::empty({x_RD.size(0), weight_EDF.size(2)}, x_RD.options());
    each([&](int64_t e, int64_t first, int64_t count) {
      if (count == 0) return;
      Tensor out = out_RF.narrow(0, first, count);
      const Tensor x = x_RD.narrow(0, first, count);
      if (bias_EF.defined())
        at::addmm_out(out, bias_EF[e], x, weight_EDF[e]);
      else
        at::mm_out(out, x, weight_EDF[e]);
    });
    return out_RF;
  }

  Tensor weight_grad(const Tensor& x_RD, const Tensor& grad_RF) const {
    const auto experts = static_cast<int64_t>(ends.size());
    Tensor grad_EDF = at::empty({experts, x_RD.size(1), grad_RF.size(1)}, x_RD.options());
    each([&](int64_t e, int64_t first, int64_t count) {
      Tensor grad = grad_EDF[e];
      at::mm_out(grad, x_RD.narrow(0, first, count).t(), grad_RF.narrow(0, first, count));
    });
    return grad_EDF;
  }

  Tensor bias_grad(const Tensor& grad_RF) const {
    const auto experts = static_cast<int64_t>(ends.size());
    Tensor grad_EF = at::empty({experts, grad_RF.size(1)}, grad_RF.options());
    each([&](int64_t e, int64_t first, int64_t count) {
      Tensor grad = grad_EF[e];
      at::sum_out(grad, grad_RF.narrow(0, first, count), at::IntArrayRef{0});
    });
    return grad_EF;
  }
};

struct ExpertProduct : torch::autograd::Function<ExpertProduct> {
  static Tensor forward(AutogradContext* context, const Tensor& x_RD, const Tensor& weight_EDF,
                        const std::optional<Tensor>& bias_EF, const Tensor& ends_E,
                        const std::vector<int64_t>& ends, bool grouped) {
    Tensor x = x_RD.contiguous(), weight = weight_EDF.contiguous();
    if (grouped) x = aligned(bias_EF ? with_ones(x) : x);
    if (grouped) weight = aligned(bias_EF ? with_bias(weight, *bias_EF) : weight);
    context->save_for_backward({x, weight, ends_E});
    context->saved_data["width"] = x_RD.size(1);
    context->saved_data["bias"] = bias_EF.has_value();
    context->saved_data["ends"] = ends;
    context->saved_data["grouped"] = grouped;
    if (grouped) return Grouped{ends_E}.product(x, weight);
    return Looped{ends}.product(x, weight, bias_EF.value_or(Tensor()));
  }

  static tensor_list backward(AutogradContext* context, tensor_list grads) {
    refuse_second_derivatives("sparse_feed_forward");
    const tensor_list saved = context->get_saved_variables();
    const Tensor grad_RF = aligned(grads[0]), &x = saved[0], &weight = saved[1];
    const int64_t width = context->saved_data["width"].toInt();
    const bool bias = context->saved_data["bias"].toBool() && context->needs_input_grad(2);
    const bool weights = context->needs_input_grad(1);
    const Tensor back_EFD = weight.narrow(1, 0, width).transpose(1, 2);
    tensor_list made(6);
    if (context->saved_data["grouped"].toBool()) {
      const Grouped way{saved[2]};
      if (context->needs_input_grad(0)) made[0] = way.product(grad_RF, back_EFD);
      if (!weights && !bias) return made;
      const Tensor grad_EDF = way.weight_grad(x, grad_RF);
      if (weights) made[1] = grad_EDF.narrow(1, 0, width);
      if (bias) made[2] = grad_EDF.select(1, width);
      return made;
    }
    const Looped way{context->saved_data["ends"].toIntVector()};
    if (context->needs_input_grad(0)) made[0] = way.product(grad_RF, back_EFD, {});
    if (weights) made[1] = way.weight_grad(x, grad_RF);
    if (bias) made[2] = way.bias_grad(grad_RF);
    return made;
  }
};

}  // namespace

bool fits_grouped_product(const Tensor& weight_EDF) {
  const int64_t numbers = kAlignment / weight_EDF.element_size();
  return weight_EDF.size(0) < 1024 && weight_EDF.size(1) % numbers == 0 &&
         weight_EDF.size(2) % numbers == 0;
}

Tensor expert_product(const Tensor& x_RD, const Tensor& weight_EDF, const Tensor& bias_EF,
                      const SortedRows& rows, ProductWay way) {
  return ExpertProduct::apply(x_RD, weight_EDF, optional(bias_EF), rows.ends_E, rows.ends,
                              way == ProductWay::grouped);
}

}  // namespace moestro
