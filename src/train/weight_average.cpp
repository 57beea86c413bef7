#include "moestro/train/weight_average.h"

#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>

#include "moestro/train/checkpoint.h"

namespace moestro {
namespace {

std::string averaged(const std::string& name) {
  return "average." + name;
}

}  // namespace

WeightAverage::WeightAverage(const Model& model, int64_t epochs, int64_t last)
    : first_(epochs - last + 1), live_(model_tensors(model)), epochs_(at::zeros({}, at::kDouble)) {
  const at::NoGradGuard no_gradients;
  for (const auto& [name, tensor] : live_)
    mean_.emplace_back(averaged(name), at::zeros_like(tensor).requires_grad_(false));
}

void WeightAverage::on_epoch_end(const EpochReport& report) {
  if (report.epoch < first_) return;
  const at::NoGradGuard no_gradients;
  epochs_ += 1;
  const double share = 1 / epochs_.item<double>();
  for (size_t i = 0; i < live_.size(); ++i)
    if (live_[i].second.is_floating_point())
      mean_[i].second.lerp_(live_[i].second, share);
    else
      mean_[i].second.copy_(live_[i].second);
}

std::vector<std::pair<std::string, Tensor>> WeightAverage::state() const {
  std::vector<std::pair<std::string, Tensor>> state = mean_;
  state.emplace_back("averaged_epochs", epochs_);
  return state;
}

void WeightAverage::apply() const {
  const at::NoGradGuard no_gradients;
  for (size_t i = 0; i < live_.size(); ++i) live_[i].second.copy_(mean_[i].second);
}

void restore_average(const SafetensorsFile& checkpoint, const Model& model) {
  NamedTensors tensors;
  for (const auto& [name, tensor] : model_tensors(model))
    tensors.emplace_back(averaged(name), tensor);
  restore(checkpoint, tensors);
}

}  // namespace moestro
