// The strips of a layer's weights as right operands of the forward products.
#pragma once

#include "../blocks/product.h"
#include "layer.h"

namespace moestro {

// Of weights [E, depth, parts * columns]: made in scratch memory, or made before and laid out
// [E, parts, strips, even depth, kStrip].
template <class S, class T>
struct WeightStrips {
  VectorPath path;
  const S* weights;  // null where they are packed
  const T* packed;   // null where they are not
  int64_t depth, columns, parts;

  WeightStrips(VectorPath path, const Tensor& weights, const Tensor& packed, int64_t depth,
               int64_t columns, int64_t parts)
      : path(path),
        weights(weights.defined() ? weights.const_data_ptr<S>() : nullptr),
        packed(packed.defined() ? packed.const_data_ptr<T>() : nullptr),
        depth(depth),
        columns(columns),
        parts(parts) {}

  void pack(int64_t expert, int64_t part, int64_t strip, int64_t first, int64_t rows,
            T* memory) const {
    const int64_t stride = parts * columns;
    const S* from = weights + (expert * depth + first) * stride + part * columns;
    pack_strip(path, RowSource<S>{from, stride}, rows, strip * kStrip, columns_of(strip, columns),
               memory);
  }

  // Rows `first` and on, `memory` being there for them.
  const T* at(int64_t expert, int64_t part, int64_t strip, int64_t first, int64_t rows,
              T* memory) const {
    if (packed)
      return packed +
             (((expert * parts + part) * strips_of(columns) + strip) * even(depth) + first) *
                 kStrip;
    pack(expert, part, strip, first, rows, memory);
    return memory;
  }
};

}  // namespace moestro
