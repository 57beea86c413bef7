#include "moestro/nn/parameter.h"

namespace moestro {

void append(std::vector<Parameter>& a, const std::vector<Parameter>& b) {
  a.insert(a.end(), b.begin(), b.end());
}

void convert(const std::vector<Parameter>& parameters, const std::vector<Buffer>& buffers,
             const at::TensorOptions& options) {
  for (const Parameter& parameter : parameters)
    parameter.value.set_data(parameter.value.detach().to(options));
  for (const Buffer& buffer : buffers) buffer.value.set_data(buffer.value.to(options));
}

}  // namespace moestro
