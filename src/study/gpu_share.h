// Several GPUs shared out among the runs of a study: each run sees one of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace moestro {

// What CUDA_VISIBLE_DEVICES calls each of `count` GPUs that this program sees. visible: its value
// here, or null.
std::vector<std::string> gpu_names(const char* visible, int64_t count);

class GpuShare {
 public:
  explicit GpuShare(std::vector<std::string> gpus) : gpus_(std::move(gpus)), runs_(gpus_.size()) {}

  // For a run that starts, the GPU with the fewest runs; none where there is no choice.
  std::optional<size_t> take();
  void give_back(const std::optional<size_t>& gpu);
  // "CUDA_VISIBLE_DEVICES=2"
  std::string environment(size_t gpu) const;

 private:
  std::vector<std::string> gpus_;
  std::vector<int64_t> runs_;
};

}  // namespace moestro
