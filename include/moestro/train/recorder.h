// Writes down a training run as it goes: metrics.jsonl, TensorBoard scalars, and a warning where
// the gate saturates. The format is docs/run-folder.md.
#pragma once

#include "moestro/store/event_file.h"
#include "moestro/store/metrics_log.h"
#include "moestro/train/hook.h"

namespace moestro {

class Recorder : public Hook {
 public:
  Recorder(MetricsLog& metrics, EventFile& events, int64_t experts, c10::Device device);

  void after_forward(const std::vector<MixtureTrace>& traces, const Batch& batch) override;
  void after_step(const StepReport& report) override;
  void on_epoch_end(const EpochReport& report) override;
  void before_save() override { metrics_.sync(); }
  std::vector<std::pair<std::string, Tensor>> state() const override;

 private:
  void warn_if_saturated(int64_t step, double entropy, double score);

  MetricsLog& metrics_;
  EventFile& events_;
  // Sums over the samples of the running epoch, double, on the device: counted there and read back
  // at the epoch's end.
  Tensor chosen_E_, probs_E_, entropy_;
  bool warned_ = false;
};

}  // namespace moestro
