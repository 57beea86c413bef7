#include "moestro/train/checkpoint.h"

#include <ATen/core/grad_mode.h>

#include "moestro/core/error.h"
#include "moestro/core/suggest.h"

namespace moestro {

void restore(const SafetensorsFile& file, const NamedTensors& tensors) {
  std::vector<std::string> faults;
  for (const auto& [name, tensor] : tensors) {
    if (!file.contains(name))
      faults.push_back(fmt::format("{} is missing", name));
    else if (file.shape(name) != tensor.sizes().vec())
      faults.push_back(fmt::format("{} is {}, expected {}", name, shape_text(file.shape(name)),
                                   shape_text(tensor.sizes().vec())));
  }
  if (!faults.empty())
    throw UserError("{}: not a checkpoint of this model: {}", file.path().string(), joined(faults));
  const at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : tensors) tensor.copy_(file.tensor(name));
}

}  // namespace moestro
