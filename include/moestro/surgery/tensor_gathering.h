// A dense network whose every tensor is put together from the same tensor of all experts: their
// sum, their mean, or their largest singular directions.
//
// Unit u of one expert is added to unit u of the others, which means little unless the experts are
// aligned (surgery/alignment.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "moestro/core/expert_tensors.h"
#include "moestro/store/safetensors.h"

namespace moestro {

// Sum or mean over the experts of every tensor, without an expert axis.
NamedTensors summed(const ExpertTensors& experts);
NamedTensors averaged(const ExpertTensors& experts);

struct SingularOptions {
  int64_t rank = 0;   // triples kept of each matrix; 0: floor(min(rows, columns) / E), at least 1
  double energy = 0;  // above 0: as many as hold that share of the squared singular values instead
  bool mean = false;  // of the truncated matrices, in place of their sum
};

// What was kept of one matrix, [E].
struct KeptSingular {
  std::string tensor;
  std::vector<int64_t> rank_E;
  std::vector<double> energy_E;  // share of the squared singular values
};

struct SingularGathering {
  NamedTensors tensors;
  std::vector<KeptSingular> kept;
};

// Each matrix (a convolution [out, in, K, K] as [out, in K K]) cut to its leading singular triples,
// then summed; what has one dimension is averaged. In double. Throws UserError for a rank above a
// matrix's, options out of range, and values that are not finite.
SingularGathering singular_gathering(const ExpertTensors& experts, const SingularOptions& options);

}  // namespace moestro
