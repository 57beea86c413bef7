// Writes down a training run as it goes: metrics.jsonl, TensorBoard scalars, and a warning where
// the gate saturates. The format is docs/run-folder.md.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "moestro/nn/model.h"
#include "moestro/store/event_file.h"
#include "moestro/store/metrics_log.h"
#include "moestro/train/hook.h"

namespace moestro {

class Recorder : public Hook {
 public:
  // layers: the model's mixture layers.
  Recorder(MetricsLog& metrics, EventFile& events, const std::vector<MixtureName>& layers,
           c10::Device device);

  void after_forward(const std::vector<MixtureTrace>& traces, const Batch& batch) override;
  void after_step(const StepReport& report) override;
  void on_epoch_end(const EpochReport& report) override;
  void before_save() override { metrics_.sync(); }
  std::vector<std::pair<std::string, Tensor>> state() const override;

 private:
  // Sums over the decisions of the running epoch, double, on the device: counted there and read
  // back at the epoch's end.
  struct Layer {
    std::string name;
    Tensor chosen_E, probs_E, entropy;
  };

  std::string prefix(const std::string& group, const Layer& layer) const;
  nlohmann::json gates(const std::vector<MixtureTrace>& traces, int64_t step);
  nlohmann::json usage(const Layer& layer, int64_t step);
  void warn_if_saturated(const std::string& layer, int64_t step, double entropy, double score);

  MetricsLog& metrics_;
  EventFile& events_;
  bool alone_;  // one mixture of whole networks
  std::vector<Layer> layers_;
  bool warned_ = false;
};

}  // namespace moestro
