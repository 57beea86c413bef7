// How our kernels are launched on a GPU: threads of a block, what the current device has, errors.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <type_traits>

#include <cuda_runtime.h>

namespace moestro {

constexpr int kThreads = 256, kWarps = kThreads / 32;

inline void check(cudaError_t error, const char* what) {
  if (error != cudaSuccess)
    throw std::runtime_error(std::string(what) + ": " + cudaGetErrorString(error));
}

// What `..._fits` refuses is never launched.
inline void expect(bool fits, const char* kernel) {
  if (!fits) throw std::logic_error(std::string(kernel) + ": a shape that does not fit");
}

inline int asked(cudaDeviceAttr attribute) {
  int device = 0, value = 0;
  check(cudaGetDevice(&device), "cudaGetDevice");
  check(cudaDeviceGetAttribute(&value, attribute, device), "cudaDeviceGetAttribute");
  return value;
}

inline bool has_bfloat16_units() {
  return asked(cudaDevAttrComputeCapabilityMajor) >= 8;
}

// Bytes of shared memory that a block can have.
inline size_t most_block_bytes() {
  return asked(cudaDevAttrMaxSharedMemoryPerBlockOptin);
}

// Blocks that run at the same time, each with so many bytes of shared memory; allows them.
template <typename Kernel>
int64_t resident_blocks(Kernel kernel, size_t bytes) {
  check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                             static_cast<int>(bytes)),
        "cudaFuncSetAttribute");
  int each = 0;
  check(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&each, kernel, kThreads, bytes),
        "cudaOccupancyMaxActiveBlocksPerMultiprocessor");
  return static_cast<int64_t>(asked(cudaDevAttrMultiProcessorCount)) * each;
}

inline unsigned blocks_for(int64_t threads) {
  return static_cast<unsigned>((threads + kThreads - 1) / kThreads);
}

// Calls with a number known to the compiler; false where it is none of the sizes.
template <int... Sizes>
struct OneOf {
  template <typename Call>
  static bool call(int64_t value, const Call& call) {
    return ((value == Sizes ? (call(std::integral_constant<int, Sizes>()), true) : false) || ...);
  }
};

}  // namespace moestro
