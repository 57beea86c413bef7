#include "gpu_share.h"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>

namespace moestro {

std::vector<std::string> gpu_names(const char* visible, int64_t count) {
  std::vector<std::string> names;
  std::istringstream words(visible ? visible : "");
  for (std::string name; std::ssize(names) < count && std::getline(words, name, ',');)
    names.push_back(name);
  for (int64_t i = 0; !visible && i < count; ++i) names.push_back(std::to_string(i));
  return names;
}

std::optional<size_t> GpuShare::take() {
  if (gpus_.size() < 2) return {};
  const auto fewest = std::ranges::min_element(runs_);
  ++*fewest;
  return static_cast<size_t>(fewest - runs_.begin());
}

void GpuShare::give_back(const std::optional<size_t>& gpu) {
  if (gpu) --runs_[*gpu];
}

std::string GpuShare::environment(size_t gpu) const {
  return fmt::format("CUDA_VISIBLE_DEVICES={}", gpus_[gpu]);
}

}  // namespace moestro
