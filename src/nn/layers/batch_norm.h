// Batch normalisation for every expert, over rows (and pixels): weight, bias and the running
// statistics are [E, C], or [E, D] for rows. In training, batch statistics: the biased variance
// normalises, the unbiased one goes into the running statistics (momentum .1, eps 1e-5, as in
// PyTorch). In evaluation, and always for frozen experts, running statistics, left as they are.
// A training batch with one value a channel has no statistics: forward throws UserError.
#pragma once

#include <optional>

#include "../kernels/conv_pool.h"
#include "../kernels/pool_block.h"
#include "conv.h"

namespace moestro {

class BatchNorm : public Layer {
 public:
  BatchNorm(const LayerSpec& spec, const LayerSetting& setting);
  Activations forward(const Activations& x, ExpertRange experts,
                      const ForwardContext& context) const override;
  // The filters of a convolution over these images with the normalisation of its outputs put into
  // them: w' = s w, b' = s (b - mean) + bias, s = weight / sqrt(variance + eps).
  Filters folded(const Filters& filters, const ImageLanes& images, ExpertRange experts,
                 const ForwardContext& context) const;
  // What is done to each channel of x [N, E * C, H, W]; batch statistics are counted in. None where
  // some of the experts are frozen and some are not.
  std::optional<ChannelNorm> channel_norm(const Tensor& x, ExpertRange experts,
                                          const ForwardContext& context) const;
  std::vector<Parameter> parameters() const override { return {weight_EC_, bias_EC_}; }
  std::vector<Buffer> buffers() const override { return {running_mean_EC_, running_var_EC_}; }
  std::string describe() const override;

 private:
  Filters folded_run(const Filters& filters, const PatchMoments* moments,
                     ExpertRange experts) const;
  void count_in(const Tensor& mean_G, const Tensor& variance_G, double values,
                ExpertRange experts) const;
  bool uses_batch(const ForwardContext& context, bool frozen) const;
  Tensor normalised(const Tensor& x, ExpertRange experts, bool batch_statistics) const;

  LayerSpec spec_;
  LayerSetting setting_;
  Parameter weight_EC_, bias_EC_;
  Buffer running_mean_EC_, running_var_EC_;
};

}  // namespace moestro
