// The instruction sets our kernels are compiled for, chosen when the program runs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace moestro {

// 4, 8 and 16 floats a vector.
enum class VectorPath { portable, avx2, avx512 };

// Those this machine can run, the best one last.
std::vector<VectorPath> vector_paths();
VectorPath best_vector_path();

std::string path_name(VectorPath path);  // "portable", "AVX2", "AVX-512"
int64_t lane_count(VectorPath path);

}  // namespace moestro
