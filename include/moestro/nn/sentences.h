// Token ids as a batch has them, without their padding.
#pragma once

#include "moestro/nn/packing.h"

namespace moestro {

struct Sentences {
  Packing rows;
  Tensor ids_N;  // int64, one a row
};

// ids_BT: integers, -1 behind the end of each sentence.
Sentences pack_sentences(const Tensor& ids_BT);

}  // namespace moestro
