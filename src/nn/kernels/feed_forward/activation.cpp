#include "activation.h"

#include <c10/util/BFloat16.h>

#define MOESTRO_BODY "feed_forward/activation_body.h"
#include "../on_each_path.h"

namespace moestro {

template <class S, class T>
void activate(VectorPath path, FeedForwardKind kind, const ActivationBlock<S, T>& block) {
  MOESTRO_ON_PATH(path, activate(kind, block));
}

template <class S, class T>
void activate_backward(VectorPath path, FeedForwardKind kind,
                       const ActivationGradBlock<S, T>& block) {
  MOESTRO_ON_PATH(path, activate_backward(kind, block));
}

void weigh_rows(VectorPath path, const float* in, int64_t rows, int64_t columns, const float* bias,
                const float* weights, float* out, int64_t out_stride) {
  MOESTRO_ON_PATH(path, weigh_rows(in, rows, columns, bias, weights, out, out_stride));
}

template <class S>
void add_rows(VectorPath path, const float* in_MD, int64_t stride, const int64_t* numbers,
              int64_t count, int64_t columns, S* out) {
  MOESTRO_ON_PATH(path, add_rows(in_MD, stride, numbers, count, columns, out));
}

template <class S>
void sum_rows(VectorPath path, const RowSource<S>& source, int64_t rows, int64_t columns,
              const float* weights, float* out) {
  MOESTRO_ON_PATH(path, sum_rows(source, rows, columns, weights, out));
}

template <class T>
void row_dots(VectorPath path, const T* a, int64_t a_stride, int64_t rows, int64_t columns,
              const float* b, float* out, int64_t stride) {
  MOESTRO_ON_PATH(path, row_dots(a, a_stride, rows, columns, b, out, stride));
}

#define MOESTRO_STORED(S)                                                                          \
  template void add_rows(VectorPath, const float*, int64_t, const int64_t*, int64_t, int64_t, S*); \
  template void sum_rows(VectorPath, const RowSource<S>&, int64_t, int64_t, const float*, float*); \
  template void row_dots(VectorPath, const S*, int64_t, int64_t, int64_t, const float*, float*,    \
                         int64_t)
MOESTRO_STORED(float);
MOESTRO_STORED(c10::BFloat16);
#undef MOESTRO_STORED

#define MOESTRO_ACTIVATION(S, T)                                                     \
  template void activate(VectorPath, FeedForwardKind, const ActivationBlock<S, T>&); \
  template void activate_backward(VectorPath, FeedForwardKind, const ActivationGradBlock<S, T>&)
MOESTRO_ACTIVATION(float, float);
MOESTRO_ACTIVATION(c10::BFloat16, c10::BFloat16);
MOESTRO_ACTIVATION(c10::BFloat16, float);
#undef MOESTRO_ACTIVATION

}  // namespace moestro
