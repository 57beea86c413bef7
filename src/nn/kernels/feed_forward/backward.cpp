#include <ATen/ATen.h>

#include "../blocks/product.h"
#include "activation.h"
#include "cut.h"
#include "layer.h"
#include "weight_grads.h"

namespace moestro {
namespace {

template <class S, class T>
struct Backward {
  const SparseLayer& layer;
  const Tensor &x_ND, &weights_M;
  const RoutedRows& routed;
  const Tensor &kept_MF, &grad_ND;

  const SparseLayerShape& shape = layer.shape;
  const VectorPath path = layer.arithmetic.vectors;
  const int64_t up_columns = shape.parts * shape.padded_hidden;
  const int64_t y_stride = shape.padded_width + 16, h_stride = shape.padded_hidden;
  const int64_t hidden_strips = strips_of(shape.hidden);
  const Scratch scratch{Carver::bytes<T>((kBlockRows + kRowStep) * y_stride) +
                        Carver::bytes<T>(strip_numbers(std::max(shape.width, shape.hidden))) +
                        Carver::bytes<float>(kBlockRows * kStrip)};
  static constexpr auto kMultiplied = c10::CppTypeToScalarType<T>::value;
  const at::TensorOptions options = x_ND.options().requires_grad(false);
  // More rows than there are: a product may read beyond the last.
  Tensor grad_up_MF =
      at::empty({routed.count() + kRowStep, up_columns}, options.dtype(kMultiplied));
  Tensor weighted_h_MF = at::empty({routed.count(), h_stride}, options.dtype(kMultiplied));
  // grad_h . h by strip, and at last grad_y . b.
  Tensor dots_MS = at::empty({routed.count(), hidden_strips + 1}, options.dtype(at::kFloat));

  // The gradients of h, and what follows from them, for a block of rows.
  void through_activation(const BlockTask& task, std::byte* memory) {
    Carver carver(memory);
    T* a = carver.take<T>((kBlockRows + kRowStep) * y_stride);
    T* strip = carver.take<T>(strip_numbers(shape.width));
    float* c = carver.take<float>(kBlockRows * kStrip);
    pack_rows(path,
              RowSource<S>{grad_ND.const_data_ptr<S>(), shape.width,
                           routed.token_M.data() + task.first_row},
              task.rows, shape.width, a, y_stride);

    float* dots = dots_MS.mutable_data_ptr<float>() + task.first_row * dots_MS.size(1);
    if (layer.down_bias_ED.defined() && task.first_strip == 0)
      row_dots(path, a, y_stride, task.rows, shape.width,
               layer.down_bias_ED.const_data_ptr<float>() + task.expert * shape.padded_width,
               dots + hidden_strips, dots_MS.size(1));

    const S* down =
        layer.weights.down_EFD.const_data_ptr<S>() + task.expert * shape.hidden * shape.width;
    for (int64_t s = task.first_strip; s < task.first_strip + task.strips; ++s) {
      const int64_t columns = columns_of(s, shape.padded_hidden);
      const RowSource<S> rows_of_down{down + s * kStrip * shape.width, shape.width};
      full_product(path, a, y_stride, task.rows, columns, shape.width, false, c,
                   [&](int64_t first, int64_t depth) {
                     pack_strip_transposed(path, rows_of_down, columns_of(s, shape.hidden), first,
                                           depth, strip);
                     return strip;
                   });
      activate_backward(path, layer.kind, gradient_block(task, s, columns, c, dots + s));
    }
  }

  ActivationGradBlock<S, T> gradient_block(const BlockTask& task, int64_t strip, int64_t columns,
                                           const float* grad_h, float* dots) {
    const int64_t first = task.first_row * up_columns + strip * kStrip;
    const S* kept = kept_MF.const_data_ptr<S>() + first;
    T* grad_up = grad_up_MF.mutable_data_ptr<T>() + first;
    T* weighted_h =
        weighted_h_MF.mutable_data_ptr<T>() + task.first_row * h_stride + strip * kStrip;
    const int64_t second = shape.parts == 2 ? shape.padded_hidden : 0;
    return {task.rows,
            columns,
            grad_h,
            weights_M.const_data_ptr<float>() + task.first_row,
            {kept, kept + second},
            up_columns,
            {grad_up, grad_up + second},
            up_columns,
            weighted_h,
            h_stride,
            dots,
            dots_MS.size(1)};
  }

  // The gradients of a block of routed rows of x.
  void to_rows(const BlockTask& task, std::byte* memory, float* grad_MD) const {
    Carver carver(memory);
    T* strip = carver.take<T>(strip_numbers(shape.hidden));
    float* c = carver.take<float>(kBlockRows * kStrip);
    const int64_t stride = shape.parts * shape.hidden;
    const T* grad_up = grad_up_MF.const_data_ptr<T>() + task.first_row * up_columns;
    const S* up = layer.weights.up_EDF.const_data_ptr<S>() + task.expert * shape.width * stride;
    for (int64_t s = task.first_strip; s < task.first_strip + task.strips; ++s) {
      const int64_t columns = columns_of(s, shape.padded_width);
      for (int64_t p = 0; p < shape.parts; ++p) {
        const RowSource<S> rows_of_up{up + s * kStrip * stride + p * shape.hidden, stride};
        full_product(path, grad_up + p * shape.padded_hidden, up_columns, task.rows, columns,
                     shape.hidden, p > 0, c, [&](int64_t first, int64_t depth) {
                       pack_strip_transposed(path, rows_of_up, columns_of(s, shape.width), first,
                                             depth, strip);
                       return strip;
                     });
      }
      weigh_rows(path, c, task.rows, columns, nullptr, nullptr,
                 grad_MD + task.first_row * shape.padded_width + s * kStrip, shape.padded_width);
    }
  }

  Tensor grad_of_x() const {
    Tensor grad_MD = at::empty({routed.count(), shape.padded_width}, options.dtype(at::kFloat));
    float* grad = grad_MD.mutable_data_ptr<float>();
    run_tasks(cut_blocks(routed, strips_of(shape.width), Scratch::threads()), scratch,
              [&](const BlockTask& task, std::byte* memory) { to_rows(task, memory, grad); });
    Tensor grad_x_ND = at::empty(x_ND.sizes(), options);
    combine_rows<S>(path, routed, grad, shape, grad_x_ND);
    return grad_x_ND;
  }

  Tensor grad_of_weights() const {
    const int64_t dots = hidden_strips + (layer.down_bias_ED.defined() ? 1 : 0);
    Tensor grad_NK = at::zeros({routed.rows, routed.chosen}, options.dtype(at::kFloat));
    float* grad = grad_NK.mutable_data_ptr<float>();
    const float* dot = dots_MS.const_data_ptr<float>();
    for (int64_t m = 0; m < routed.count(); ++m, dot += dots_MS.size(1))
      for (int64_t s = 0; s < dots; ++s) grad[routed.place_M[m]] += dot[s];
    return grad_NK;
  }

  FeedForwardGrads run(const WantedGrads& wanted) {
    run_tasks(cut_blocks(routed, hidden_strips, Scratch::threads()), scratch,
              [&](const BlockTask& task, std::byte* memory) { through_activation(task, memory); });
    FeedForwardGrads grads;
    if (wanted.x) grads.x_ND = grad_of_x();
    if (wanted.weights) grads.weights_NK = grad_of_weights();
    const RowSource<S> x{x_ND.const_data_ptr<S>(), shape.width, routed.token_M.data()};
    const RowSource<S> grad_y{grad_ND.const_data_ptr<S>(), shape.width, routed.token_M.data()};
    const RowSource<T> grad_up{grad_up_MF.const_data_ptr<T>(), up_columns};
    const RowSource<T> weighted_h{weighted_h_MF.const_data_ptr<T>(), h_stride};
    if (wanted.up) {
      grads.up_EDF = at::empty(layer.weights.up_EDF.sizes(), options);
      weight_grads<S, T, S, T>(path, routed, {x, shape.width},
                               {grad_up, shape.hidden, shape.parts, shape.padded_hidden},
                               grads.up_EDF);
    }
    if (wanted.down) {
      grads.down_EFD = at::empty(layer.weights.down_EFD.sizes(), options);
      weight_grads<T, S, S, T>(path, routed, {weighted_h, shape.hidden},
                               {grad_y, shape.width, 1, shape.width}, grads.down_EFD);
    }
    if (wanted.up_bias)
      grads.up_bias_EF = bias_grads(path, routed, grad_up, shape.parts, shape.hidden,
                                    shape.padded_hidden, nullptr);
    if (wanted.down_bias)
      grads.down_bias_ED = bias_grads(path, routed, grad_y, 1, shape.width, shape.width,
                                      weights_M.const_data_ptr<float>());
    return grads;
  }
};

}  // namespace

FeedForwardGrads backward_blocks(const SparseLayer& layer, const Tensor& x_ND,
                                 const Tensor& weights_M, const RoutedRows& routed,
                                 const Tensor& kept_MF, const Tensor& grad_ND,
                                 const WantedGrads& wanted) {
  using c10::BFloat16;
  if (x_ND.scalar_type() == at::kFloat)
    return Backward<float, float>{layer, x_ND, weights_M, routed, kept_MF, grad_ND}.run(wanted);
  if (layer.arithmetic.bfloat16_products)
    return Backward<BFloat16, BFloat16>{layer, x_ND, weights_M, routed, kept_MF, grad_ND}.run(
        wanted);
  return Backward<BFloat16, float>{layer, x_ND, weights_M, routed, kept_MF, grad_ND}.run(wanted);
}

}  // namespace moestro
