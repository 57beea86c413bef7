// Compiles MOESTRO_BODY, a file of functions over vectors of kLanes floats, once for each
// instruction set, in the namespaces portable, avx2 and avx512. To be included once in a source,
// after all other headers:
//
//   #define MOESTRO_BODY "thing_body.h"
//   #include "on_each_path.h"
//   void thing(VectorPath path, Work work) { MOESTRO_ON_PATH(path, thing(work)); }
//
// A body compiled as templates for one set, and inlined into functions for another, would not do:
// g++ 12 then takes comparisons apart lane by lane.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#include "vector_path.h"

// Vectors are passed to inlined functions only: how they would be passed to others does not matter.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpsabi"
#define MOESTRO_INLINED __attribute__((always_inline))  // of a lambda
#define MOESTRO_INLINE inline MOESTRO_INLINED

namespace moestro::portable {
constexpr int kLanes = 4;
#include "vector_body.h"
#include MOESTRO_BODY
}  // namespace moestro::portable

#if defined(__x86_64__)
#pragma GCC push_options
#pragma GCC target("avx2,fma")
namespace moestro::avx2 {
constexpr int kLanes = 8;
#include "vector_body.h"
#include MOESTRO_BODY
}  // namespace moestro::avx2
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")
namespace moestro::avx512 {
constexpr int kLanes = 16;
#include "vector_body.h"
#include MOESTRO_BODY
}  // namespace moestro::avx512
#pragma GCC pop_options
#pragma GCC diagnostic pop

#define MOESTRO_ON_PATH(path, call)   \
  switch (path) {                     \
    case moestro::VectorPath::avx512: \
      return moestro::avx512::call;   \
    case moestro::VectorPath::avx2:   \
      return moestro::avx2::call;     \
    default:                          \
      return moestro::portable::call; \
  }
#else
#pragma GCC diagnostic pop
#define MOESTRO_ON_PATH(path, call) return moestro::portable::call
#endif
