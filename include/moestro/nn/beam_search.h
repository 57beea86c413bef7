// The likeliest sentences of a model that gives one token after another.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "moestro/core/tensor.h"

namespace moestro {

struct BeamOptions {
  int64_t begin = 1, end = 2;  // ids of the tokens that stand before and behind a sentence
  int64_t beam = 5;            // sentences kept beside each other; 1: greedy
  double length_penalty = 1;   // a: a sentence's score is its log probability / length^a, the end
                               // counted (Wu et al. 2016, simplified as in fairseq); 0: as it is
  int64_t longest = 100;       // tokens, the end counted: there it is made to end
};

struct Hypothesis {
  std::vector<int64_t> tokens;  // without begin and end
  double score = 0;
};

// Log probabilities [R, V] of what follows. tokens_R: the newest token of each of R = B * beam
// rows, sentence by sentence; from_R: the row of the call before that it continues, undefined at
// the first call. int64, on the CPU.
using NextToken = std::function<Tensor(const Tensor& tokens_R, const Tensor& from_R)>;

// The best of each of B sentences. A sentence is done once `beam` hypotheses have ended. Throws
// SystemError for scores that are NaN.
std::vector<Hypothesis> beam_search(int64_t sentences, const BeamOptions& options,
                                    const NextToken& next);

}  // namespace moestro
