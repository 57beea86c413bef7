// The mean of a model's weights at the ends of its last epochs (Vaswani et al. 2017, 6.1).
#pragma once

#include "moestro/nn/model.h"
#include "moestro/store/safetensors.h"
#include "moestro/train/hook.h"

namespace moestro {

class WeightAverage : public Hook {
 public:
  // Over the last `last` of `epochs` epochs, at most all; parameters and running statistics.
  WeightAverage(const Model& model, int64_t epochs, int64_t last);

  void on_epoch_end(const EpochReport& report) override;
  // "average.<name>", and how many epochs are in it.
  std::vector<std::pair<std::string, Tensor>> state() const override;

  // The model's own tensors become the mean.
  void apply() const;

 private:
  int64_t first_;  // epoch that counts
  NamedTensors live_, mean_;
  Tensor epochs_;  // double, scalar
};

// As a checkpoint stores it, into the model.
void restore_average(const SafetensorsFile& checkpoint, const Model& model);

}  // namespace moestro
