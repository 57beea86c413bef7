#include <ATen/ATen.h>

#include "activation.h"
#include "cut.h"
#include "layer.h"
#include "weight_strips.h"

namespace moestro {
namespace {

template <class S, class T>
struct Forward {
  const SparseLayer& layer;
  const RoutedRows& routed;
  const Tensor &x_ND, &weights_M;
  Tensor* kept_MF;

  const SparseLayerShape& shape = layer.shape;
  const VectorPath path = layer.arithmetic.vectors;
  const int64_t x_stride = shape.padded_width + 16, h_stride = shape.padded_hidden + 16;
  const WeightStrips<S, T> up{path,        layer.weights.up_EDF, layer.packed.up,
                              shape.width, shape.hidden,         shape.parts};
  const WeightStrips<S, T> down{
      path, layer.weights.down_EFD, layer.packed.down, shape.hidden, shape.width, 1};
  const Scratch scratch{Carver::bytes<T>((kBlockRows + kRowStep) * x_stride) +
                        Carver::bytes<T>(strip_numbers(std::max(shape.width, shape.hidden))) +
                        2 * Carver::bytes<float>(kBlockRows * kStrip)};

  // h of a block of rows.
  void multiply_up(const BlockTask& task, std::byte* memory, T* h) const {
    Carver carver(memory);
    T* a = carver.take<T>((kBlockRows + kRowStep) * x_stride);
    T* strip = carver.take<T>(strip_numbers(shape.width));
    float* c[2] = {carver.take<float>(kBlockRows * kStrip),
                   carver.take<float>(kBlockRows * kStrip)};
    pack_rows(
        path,
        RowSource<S>{x_ND.const_data_ptr<S>(), shape.width, routed.token_M.data() + task.first_row},
        task.rows, shape.width, a, x_stride);

    for (int64_t s = task.first_strip; s < task.first_strip + task.strips; ++s) {
      const int64_t columns = columns_of(s, shape.padded_hidden);
      ActivationBlock<S, T> block{task.rows, columns, {c[0], c[1]}, {}, {}, 0, nullptr, h_stride};
      for (int64_t p = 0; p < shape.parts; ++p) {
        full_product(path, a, x_stride, task.rows, columns, shape.width, false, c[p],
                     [&](int64_t first, int64_t rows) {
                       return up.at(task.expert, p, s, first, rows, strip);
                     });
        if (layer.up_bias_EF.defined())
          block.bias[p] = layer.up_bias_EF.const_data_ptr<float>() +
                          (task.expert * shape.parts + p) * shape.padded_hidden + s * kStrip;
        if (kept_MF) {
          block.kept_stride = shape.parts * shape.padded_hidden;
          block.kept[p] = kept_MF->mutable_data_ptr<S>() + task.first_row * block.kept_stride +
                          p * shape.padded_hidden + s * kStrip;
        }
      }
      block.h = h + task.first_row * h_stride + s * kStrip;
      activate(path, layer.kind, block);
    }
  }

  // The weighted outputs of a block of rows.
  void multiply_down(const BlockTask& task, std::byte* memory, const T* h, float* out) const {
    Carver carver(memory);
    T* strip = carver.take<T>(strip_numbers(shape.hidden));
    float* c = carver.take<float>(kBlockRows * kStrip);
    for (int64_t s = task.first_strip; s < task.first_strip + task.strips; ++s) {
      const int64_t columns = columns_of(s, shape.padded_width);
      full_product(path, h + task.first_row * h_stride, h_stride, task.rows, columns, shape.hidden,
                   false, c, [&](int64_t first, int64_t rows) {
                     return down.at(task.expert, 0, s, first, rows, strip);
                   });
      const float* bias = layer.down_bias_ED.defined()
                              ? layer.down_bias_ED.const_data_ptr<float>() +
                                    task.expert * shape.padded_width + s * kStrip
                              : nullptr;
      weigh_rows(path, c, task.rows, columns, bias,
                 weights_M.const_data_ptr<float>() + task.first_row,
                 out + task.first_row * shape.padded_width + s * kStrip, shape.padded_width);
    }
  }

  Tensor run() const {
    const auto options = x_ND.options().requires_grad(false);
    constexpr auto kMultiplied = c10::CppTypeToScalarType<T>::value;
    Tensor h_MF = at::empty({routed.count() + kRowStep, h_stride}, options.dtype(kMultiplied));
    Tensor out_MD = at::empty({routed.count(), shape.padded_width}, options.dtype(at::kFloat));
    Tensor y_ND = at::empty(x_ND.sizes(), options);
    T* h = h_MF.mutable_data_ptr<T>();
    float* out = out_MD.mutable_data_ptr<float>();
    const int64_t threads = Scratch::threads();
    run_tasks(cut_blocks(routed, strips_of(shape.hidden), threads), scratch,
              [&](const BlockTask& task, std::byte* memory) { multiply_up(task, memory, h); });
    run_tasks(
        cut_blocks(routed, strips_of(shape.width), threads), scratch,
        [&](const BlockTask& task, std::byte* memory) { multiply_down(task, memory, h, out); });
    combine_rows<S>(path, routed, out, shape, y_ND);
    return y_ND;
  }
};

}  // namespace

template <class S>
void combine_rows(VectorPath path, const RoutedRows& routed, const float* out_MD,
                  const SparseLayerShape& shape, const Tensor& y_ND) {
  S* y = y_ND.mutable_data_ptr<S>();
  const int64_t grain = std::max<int64_t>(1, 32768 / (routed.chosen * shape.width + 1));
  at::parallel_for(0, routed.rows, grain, [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n)
      add_rows(path, out_MD, shape.padded_width, routed.routed_NK.data() + n * routed.chosen,
               routed.chosen, shape.width, y + n * shape.width);
  });
}
template void combine_rows<float>(VectorPath, const RoutedRows&, const float*,
                                  const SparseLayerShape&, const Tensor&);
template void combine_rows<c10::BFloat16>(VectorPath, const RoutedRows&, const float*,
                                          const SparseLayerShape&, const Tensor&);

Tensor forward_blocks(const SparseLayer& layer, const Tensor& x_ND, const Tensor& weights_M,
                      const RoutedRows& routed, Tensor* kept_MF) {
  if (kept_MF)
    *kept_MF = at::empty({routed.count(), layer.shape.parts * layer.shape.padded_hidden},
                         x_ND.options().requires_grad(false));
  if (x_ND.scalar_type() == at::kFloat)
    return Forward<float, float>{layer, routed, x_ND, weights_M, kept_MF}.run();
  if (layer.arithmetic.bfloat16_products)
    return Forward<c10::BFloat16, c10::BFloat16>{layer, routed, x_ND, weights_M, kept_MF}.run();
  return Forward<c10::BFloat16, float>{layer, routed, x_ND, weights_M, kept_MF}.run();
}

}  // namespace moestro
