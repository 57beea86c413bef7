#include "weight_grads.h"

#include <ATen/ATen.h>

#include "../blocks/product.h"
#include "activation.h"

namespace moestro {
namespace {

constexpr int64_t kOutRows = 256;  // rows of the gradient in a task, at most
constexpr int64_t kOutStrips = 8;  // and strips
constexpr int64_t kSumStep = 256;  // routed rows summed at a time
constexpr int64_t kSumTail = 32;   // of which there is a multiple

struct GradTask {
  int64_t expert, first_row, rows, first_strip, strips;
};

// The same for every number of threads. The experts with most rows first.
std::vector<GradTask> cut_grads(const RoutedRows& routed, int64_t rows, int64_t strips) {
  std::vector<int64_t> order(routed.experts);
  for (int64_t e = 0; e < routed.experts; ++e) order[e] = e;
  std::ranges::stable_sort(order, std::greater<>(), [&](int64_t e) { return routed.count(e); });
  std::vector<GradTask> tasks;
  for (const int64_t e : order)
    for (int64_t r = 0; r < rows; r += kOutRows)
      for (int64_t s = 0; s < strips; s += kOutStrips)
        tasks.push_back({e, r, std::min(kOutRows, rows - r), s, std::min(kOutStrips, strips - s)});
  return tasks;
}

// Rows from `first` on of a source.
template <class S>
RowSource<S> from(const RowSource<S>& source, int64_t first) {
  if (source.numbers) return {source.base, source.stride, source.numbers + first};
  return {source.base + first * source.stride, source.stride};
}

template <class A, class B, class S, class T>
struct WeightGrads {
  VectorPath path;
  const RoutedRows& routed;
  const GradSide<A>& a;
  const GradSide<B>& b;
  S* out;

  const int64_t part_strips = strips_of(b.columns), out_columns = b.parts * b.columns;
  static constexpr bool kDirect = std::is_same_v<S, float>;
  const int64_t sums_stride = std::min(kOutStrips, b.parts* part_strips) * kStrip;
  const Scratch scratch{Carver::bytes<T>(kOutRows * kSumStep) +
                        Carver::bytes<T>(kSumStep * kStrip) +
                        Carver::bytes<float>(kDirect ? 0 : kOutRows * sums_stride)};

  int64_t first_column(int64_t strip) const {
    return strip / part_strips * b.columns + strip % part_strips * kStrip;
  }
  int64_t columns(int64_t strip) const { return columns_of(strip % part_strips, b.columns); }

  void fill(const GradTask& task, S* to) const {
    for (int64_t r = 0; r < task.rows; ++r)
      for (int64_t s = task.first_strip; s < task.first_strip + task.strips; ++s)
        std::fill_n(to + r * out_columns + first_column(s), columns(s), S(0.f));
  }

  void sum(const GradTask& task, std::byte* memory) const {
    S* to = out + (task.expert * a.columns + task.first_row) * out_columns;
    const int64_t count = routed.count(task.expert), first = routed.first_E[task.expert];
    if (count == 0) return fill(task, to);
    Carver carver(memory);
    T* left = carver.take<T>(kOutRows * kSumStep);
    T* strip = carver.take<T>(kSumStep * kStrip);
    float* sums = nullptr;
    if constexpr (!kDirect) sums = carver.take<float>(kOutRows * sums_stride);
    for (int64_t m = 0; m < count; m += kSumStep) {
      const int64_t rows = std::min(kSumStep, count - m), depth = round_up(rows, kSumTail);
      pack_transposed(path, from(a.source, first + m), rows, depth, task.first_row, task.rows, left,
                      kSumStep);
      for (int64_t s = task.first_strip; s < task.first_strip + task.strips; ++s) {
        const int64_t column = s / part_strips * b.part_stride + s % part_strips * kStrip;
        pack_strip(path, from(b.source, first + m), rows, column, columns(s), strip);
        const int64_t packed = sizeof(T) == 2 ? even(rows) : rows;
        std::fill(strip + packed * kStrip, strip + depth * kStrip, T(0.f));
        if constexpr (kDirect)
          strip_product(left, kSumStep, strip, task.rows, columns(s), depth, m > 0,
                        to + first_column(s), out_columns);
        else
          strip_product(left, kSumStep, strip, task.rows, columns(s), depth, m > 0,
                        sums + (s - task.first_strip) * kStrip, sums_stride);
      }
    }
    if constexpr (!kDirect)
      for (int64_t s = task.first_strip; s < task.first_strip + task.strips; ++s)
        round_rows(path, sums + (s - task.first_strip) * kStrip, sums_stride, task.rows, columns(s),
                   to + first_column(s), out_columns);
  }
};

}  // namespace

template <class A, class B, class S, class T>
void weight_grads(VectorPath path, const RoutedRows& routed, const GradSide<A>& a,
                  const GradSide<B>& b, const Tensor& out) {
  const WeightGrads<A, B, S, T> grads{path, routed, a, b, out.mutable_data_ptr<S>()};
  run_tasks(cut_grads(routed, a.columns, b.parts * grads.part_strips), grads.scratch,
            [&](const GradTask& task, std::byte* memory) { grads.sum(task, memory); });
}

template <class S>
Tensor bias_grads(VectorPath path, const RoutedRows& routed, const RowSource<S>& source,
                  int64_t parts, int64_t columns, int64_t part_stride, const float* weights) {
  Tensor sums_EPF = at::empty({routed.experts, parts, part_stride}, at::kFloat);
  float* sums = sums_EPF.mutable_data_ptr<float>();
  at::parallel_for(0, routed.experts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t e = begin; e < end; ++e)
      sum_rows(path, from(source, routed.first_E[e]), routed.count(e), parts * part_stride,
               weights ? weights + routed.first_E[e] : nullptr, sums + e * parts * part_stride);
  });
  return sums_EPF.narrow(2, 0, columns).reshape({routed.experts, parts * columns});
}

using c10::BFloat16;

#define MOESTRO_WEIGHT_GRADS(A, B, S, T)                                                    \
  template void weight_grads<A, B, S, T>(VectorPath, const RoutedRows&, const GradSide<A>&, \
                                         const GradSide<B>&, const Tensor&)
MOESTRO_WEIGHT_GRADS(float, float, float, float);
MOESTRO_WEIGHT_GRADS(BFloat16, BFloat16, BFloat16, BFloat16);
MOESTRO_WEIGHT_GRADS(BFloat16, float, BFloat16, float);
MOESTRO_WEIGHT_GRADS(float, BFloat16, BFloat16, float);
#undef MOESTRO_WEIGHT_GRADS

template Tensor bias_grads(VectorPath, const RoutedRows&, const RowSource<float>&, int64_t, int64_t,
                           int64_t, const float*);
template Tensor bias_grads(VectorPath, const RoutedRows&, const RowSource<BFloat16>&, int64_t,
                           int64_t, int64_t, const float*);

}  // namespace moestro
