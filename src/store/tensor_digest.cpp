#include "moestro/store/tensor_digest.h"

#include <ATen/core/Tensor.h>
#include <fmt/format.h>

namespace moestro {

void add_tensor(Sha256& digest, const Tensor& tensor) {
  if (!tensor.defined()) return;
  digest.update(
      fmt::format("{} {}\n", toString(tensor.scalar_type()), shape_text(tensor.sizes().vec())));
  const Tensor plain = tensor.detach().cpu().contiguous();
  digest.update({static_cast<const char*>(plain.const_data_ptr()), plain.nbytes()});
}

std::string digest_of(const NamedTensors& tensors) {
  Sha256 digest;
  for (const auto& [name, tensor] : tensors) {
    digest.update(name + " ");
    add_tensor(digest, tensor);
  }
  return digest.hex();
}

}  // namespace moestro
