#include "vector_path.h"

namespace moestro {

std::vector<VectorPath> vector_paths() {
  std::vector<VectorPath> paths = {VectorPath::portable};
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    paths.push_back(VectorPath::avx2);
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    paths.push_back(VectorPath::avx512);
#endif
  return paths;
}

VectorPath best_vector_path() {
  return vector_paths().back();
}

std::string path_name(VectorPath path) {
  switch (path) {
    case VectorPath::avx2:
      return "AVX2";
    case VectorPath::avx512:
      return "AVX-512";
    default:
      return "portable";
  }
}

int64_t lane_count(VectorPath path) {
  return path == VectorPath::avx512 ? 16 : path == VectorPath::avx2 ? 8 : 4;
}

}  // namespace moestro
