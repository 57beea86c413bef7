#include "moestro/data/safetensors_set.h"

#include <ATen/Functions.h>

#include "moestro/core/error.h"
#include "moestro/core/suggest.h"
#include "moestro/store/safetensors.h"

namespace moestro {
namespace {

std::string tensor_name(const std::filesystem::path& path, const std::string& name) {
  return fmt::format("{}: tensor \"{}\"", path.string(), name);
}

Tensor finite_floats(const Tensor& tensor, const std::string& where) {
  const Tensor values = tensor.to(at::kFloat, /*non_blocking=*/false, /*copy=*/true);
  const Tensor wrong = at::nonzero(at::isfinite(values).logical_not());
  if (wrong.numel() == 0) return values;
  const auto row = wrong[0][0].item<int64_t>();
  throw UserError("{}: row {} (counted from 0) holds {}; expected finite numbers", where, row,
                  values[row].isnan().any().item<bool>() ? "NaN" : "an infinite number");
}

Tensor read_inputs(const SafetensorsFile& file, const std::string& name) {
  const std::string where = tensor_name(file.path(), name);
  const Tensor inputs = file.tensor(name);
  if (inputs.dim() < 2 || inputs.numel() == 0)
    throw UserError("{}: shape [{}]; expected rows first, and what is in a row", where,
                    shape_text(inputs.sizes().vec()));
  if (inputs.scalar_type() == at::kByte && inputs.dim() == 4) return inputs.clone();
  return finite_floats(inputs, where);
}

void read_targets(const SafetensorsFile& file, const std::string& name, int64_t classes,
                  Dataset& set) {
  const std::string where = tensor_name(file.path(), name);
  Tensor targets = file.tensor(name);
  if (targets.dim() == 2 && targets.size(1) == 1) targets = targets.squeeze(1);
  if (targets.dim() != 1 || targets.size(0) != set.rows())
    throw UserError("{}: shape [{}]; expected [{}], a target for each input", where,
                    shape_text(targets.sizes().vec()), set.rows());
  if (targets.is_floating_point()) {
    set.targets_N = finite_floats(targets, where);
    return;
  }
  set.targets_N = targets.to(at::kLong, /*non_blocking=*/false, /*copy=*/true);
  set.classes =
      classes > 0 ? classes : std::max<int64_t>(set.targets_N.max().item<int64_t>() + 1, 1);
  check_labels(where, set.targets_N, set.classes);
}

}  // namespace

Dataset read_safetensors_set(const std::filesystem::path& path, const std::string& inputs,
                             const std::string& target, Targets targets, int64_t classes) {
  const SafetensorsFile file(path);
  for (const std::string& name : {inputs, target})
    if (!file.contains(name) && (name == inputs || targets == Targets::required))
      throw UserError("{}; there is none; expected one of {}", tensor_name(path, name),
                      joined(file.names()));
  Dataset set;
  set.inputs = read_inputs(file, inputs);
  if (file.contains(target)) read_targets(file, target, classes, set);
  return set;
}

}  // namespace moestro
