#include "moestro/nn/model.h"

namespace moestro {

int64_t Model::parameter_count() const {
  int64_t count = 0;
  for (const Parameter& parameter : parameters()) count += parameter.value.numel();
  return count;
}

}  // namespace moestro
