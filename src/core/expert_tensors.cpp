#include "moestro/core/expert_tensors.h"

#include "moestro/core/error.h"
#include "moestro/core/suggest.h"

namespace moestro {

ExpertTensors::ExpertTensors(int64_t experts, std::vector<Entry> entries)
    : experts_(experts), entries_(std::move(entries)) {}

ExpertTensors ExpertTensors::stacked(const std::vector<std::pair<std::string, Tensor>>& tensors) {
  std::vector<Entry> entries;
  int64_t experts = 0;
  for (const auto& [name, tensor] : tensors) {
    MOESTRO_CHECK(tensor.defined() && tensor.dim() >= 1, "{} has no expert axis", name);
    if (entries.empty()) experts = tensor.size(0);
    MOESTRO_CHECK(tensor.size(0) == experts, "{} holds {} experts, the first tensor {}", name,
                  tensor.size(0), experts);
    entries.push_back({name, tensor.sizes().slice(1).vec(),
                       [tensor = tensor](int64_t expert) { return tensor.select(0, expert); }});
  }
  return ExpertTensors(experts, std::move(entries));
}

std::vector<std::string> ExpertTensors::names() const {
  std::vector<std::string> names;
  for (const Entry& entry : entries_) names.push_back(entry.name);
  return names;
}

const Shape& ExpertTensors::shape(const std::string& name) const {
  return entry(name).shape;
}

Tensor ExpertTensors::at(const std::string& name, int64_t expert) const {
  if (expert < 0 || expert >= experts_)
    throw UserError("expert {}; expected 0 to {}", expert, experts_ - 1);
  return entry(name).at(expert);
}

int64_t ExpertTensors::parameters_per_expert() const {
  int64_t sum = 0;
  for (const Entry& entry : entries_) sum += values_of(entry.shape);
  return sum;
}

const ExpertTensors::Entry& ExpertTensors::entry(const std::string& name) const {
  for (const Entry& entry : entries_)
    if (entry.name == name) return entry;
  const std::string hint = suggestion(name, names());
  throw UserError("no expert tensor \"{}\"{}", name,
                  hint.empty() ? "; expected one of " + joined(names()) : hint);
}

}  // namespace moestro
