#include "row_product.h"

#define MOESTRO_BODY "blocks/row_product_body.h"
#include "../on_each_path.h"

namespace moestro {

template <class T>
void row_product(VectorPath path, const T* a, int64_t a_stride, int64_t rows, const T* strip,
                 int64_t columns, int64_t depth, bool add, float* c) {
  MOESTRO_ON_PATH(path, row_product(a, a_stride, rows, strip, columns, depth, add, c));
}
template void row_product<float>(VectorPath, const float*, int64_t, int64_t, const float*, int64_t,
                                 int64_t, bool, float*);
template void row_product<c10::BFloat16>(VectorPath, const c10::BFloat16*, int64_t, int64_t,
                                         const c10::BFloat16*, int64_t, int64_t, bool, float*);

}  // namespace moestro
