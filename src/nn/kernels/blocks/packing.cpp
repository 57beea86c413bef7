#include "packing.h"

#include <c10/util/BFloat16.h>

#define MOESTRO_BODY "blocks/packing_body.h"
#include "../on_each_path.h"

namespace moestro {

template <class S, class T>
void pack_rows(VectorPath path, const RowSource<S>& source, int64_t rows, int64_t depth, T* out,
               int64_t stride) {
  MOESTRO_ON_PATH(path, pack_rows(source, rows, depth, out, stride));
}

template <class S, class T>
void pack_transposed(VectorPath path, const RowSource<S>& source, int64_t rows, int64_t padded,
                     int64_t first, int64_t depth, T* out, int64_t stride) {
  MOESTRO_ON_PATH(path, pack_transposed(source, rows, padded, first, depth, out, stride));
}

template <class S, class T>
void pack_strip(VectorPath path, const RowSource<S>& source, int64_t depth, int64_t first,
                int64_t columns, T* strip) {
  MOESTRO_ON_PATH(path, pack_strip(source, depth, first, columns, strip));
}

template <class S, class T>
void pack_strip_transposed(VectorPath path, const RowSource<S>& source, int64_t columns,
                           int64_t first, int64_t depth, T* strip) {
  MOESTRO_ON_PATH(path, pack_strip_transposed(source, columns, first, depth, strip));
}

template <class S>
void round_rows(VectorPath path, const float* in, int64_t in_stride, int64_t rows, int64_t columns,
                S* out, int64_t out_stride) {
  MOESTRO_ON_PATH(path, round_rows(in, in_stride, rows, columns, out, out_stride));
}

#define MOESTRO_PACKING(S, T)                                                                     \
  template void pack_rows(VectorPath, const RowSource<S>&, int64_t, int64_t, T*, int64_t);        \
  template void pack_transposed(VectorPath, const RowSource<S>&, int64_t, int64_t, int64_t,       \
                                int64_t, T*, int64_t);                                            \
  template void pack_strip(VectorPath, const RowSource<S>&, int64_t, int64_t, int64_t, T*);       \
  template void pack_strip_transposed(VectorPath, const RowSource<S>&, int64_t, int64_t, int64_t, \
                                      T*)
MOESTRO_PACKING(float, float);
MOESTRO_PACKING(c10::BFloat16, c10::BFloat16);
MOESTRO_PACKING(c10::BFloat16, float);
#undef MOESTRO_PACKING
template void round_rows(VectorPath, const float*, int64_t, int64_t, int64_t, c10::BFloat16*,
                         int64_t);

}  // namespace moestro
