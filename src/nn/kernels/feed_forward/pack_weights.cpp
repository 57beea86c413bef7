#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "layer.h"
#include "weight_strips.h"

namespace moestro {
namespace {

template <class S, class T>
Tensor packed(VectorPath path, const Tensor& weights, int64_t parts) {
  const int64_t experts = weights.size(0), depth = weights.size(1);
  const int64_t columns = weights.size(2) / parts, strips = strips_of(columns);
  const WeightStrips<S, T> source(path, weights, {}, depth, columns, parts);
  Tensor out = at::empty({experts, parts, strips, even(depth), kStrip},
                         weights.options().dtype(c10::CppTypeToScalarType<T>::value));
  T* to = out.mutable_data_ptr<T>();
  at::parallel_for(0, experts * parts * strips, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      source.pack(i / (parts * strips), i / strips % parts, i % strips, 0, depth,
                  to + i * even(depth) * kStrip);
  });
  return out;
}

template <class S, class T>
PackedWeights both_packed(const SparseLayer& layer) {
  const VectorPath path = layer.arithmetic.vectors;
  return {packed<S, T>(path, layer.weights.up_EDF, layer.shape.parts),
          packed<S, T>(path, layer.weights.down_EFD, 1)};
}

}  // namespace

PackedWeights pack_weights(const SparseLayer& layer) {
  if (layer.weights.up_EDF.scalar_type() == at::kFloat) return both_packed<float, float>(layer);
  if (layer.arithmetic.bfloat16_products) return both_packed<c10::BFloat16, c10::BFloat16>(layer);
  return both_packed<c10::BFloat16, float>(layer);
}

}  // namespace moestro
