#include "moestro/nn/sentences.h"

#include <ATen/ATen.h>

#include "moestro/data/answers.h"

namespace moestro {

Sentences pack_sentences(const Tensor& ids_BT) {
  const Packing rows(lengths(ids_BT), ids_BT.device());
  return {rows, rows.pack(ids_BT.narrow(1, 0, rows.longest())).to(at::kLong)};
}

}  // namespace moestro
