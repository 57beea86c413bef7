// A warp's access to the matrix units of a GPU (compute capability 8.0 and above), in bfloat16 with
// float32 sums: PTX of the same names. Lane numbers within a fragment are those of the PTX manual.
#pragma once

#include <cstdint>

#include <cuda_bf16.h>

#define MOESTRO_HAS_MATRIX_UNIT (!defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800)

namespace moestro {

using Number = __nv_bfloat16;

// Numbers between two rows in shared memory beside those of the row itself: eight rows that are
// read at once then lie in different banks.
constexpr int kRowPad = 8;

// a [16, 16], or b [16, 16] as two of [16, 8]: the first in 0 and 1, the second in 2 and 3.
struct Fragment {
  uint32_t numbers[4];
};

// Where the filter of a channel stands, so that what a lane has of the sums of `Parts` multiply()s
// are neighbours in memory: column c of part j is channel 2 Parts (c / 2) + 2 j + c % 2 of 8 Parts.
template <int Parts>
__device__ inline int dealt_row(int channel) {
  const int first = channel / (8 * Parts) * 8 * Parts, within = channel % (8 * Parts);
  const int j = within % (2 * Parts) / 2, column = within / (2 * Parts) * 2 + within % 2;
  return first + j * 8 + column;
}

#if MOESTRO_HAS_MATRIX_UNIT

__device__ inline unsigned shared_address(const void* pointer) {
  return static_cast<unsigned>(__cvta_generic_to_shared(pointer));
}

__device__ inline void copy_16_bytes(Number* to, const Number* from) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;\n" ::"r"(shared_address(to)), "l"(from));
}

__device__ inline void end_of_copies() {
  asm volatile("cp.async.commit_group;\n" ::);
}

// Until at most `Left` groups of copies are on their way.
template <int Left>
__device__ inline void wait_for_copies() {
  asm volatile("cp.async.wait_group %0;\n" ::"n"(Left) : "memory");
}

// Four matrices of 8 x 8, whose rows the lanes name: eight lanes a matrix.
__device__ inline Fragment load_matrices(const Number* row) {
  Fragment f;
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];\n"
               : "=r"(f.numbers[0]), "=r"(f.numbers[1]), "=r"(f.numbers[2]), "=r"(f.numbers[3])
               : "r"(shared_address(row))
               : "memory");
  return f;
}

// The same, each transposed.
__device__ inline Fragment load_transposed(const Number* row) {
  Fragment f;
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];\n"
               : "=r"(f.numbers[0]), "=r"(f.numbers[1]), "=r"(f.numbers[2]), "=r"(f.numbers[3])
               : "r"(shared_address(row))
               : "memory");
  return f;
}

// sums [16, 8] += a b, b one half of a fragment. Lane l holds row l / 4, columns l % 4 * 2 and the
// next, in 0 and 1; the same of row l / 4 + 8 in 2 and 3.
__device__ inline void multiply(float (&sums)[4], const Fragment& a, uint32_t b0, uint32_t b1) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
      "{%8, %9}, {%0, %1, %2, %3};\n"
      : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
      : "r"(a.numbers[0]), "r"(a.numbers[1]), "r"(a.numbers[2]), "r"(a.numbers[3]), "r"(b0),
        "r"(b1));
}

// sums of two neighbours: [16, 16] += a b.
__device__ inline void multiply(float (&left)[4], float (&right)[4], const Fragment& a,
                                const Fragment& b) {
  multiply(left, a, b.numbers[0], b.numbers[1]);
  multiply(right, a, b.numbers[2], b.numbers[3]);
}

#endif

}  // namespace moestro
