// The first layers of a network in one pass, where their list has the shape
//
//   conv (3 or 5 wide, stride 1, at most 4 channels in), [batchnorm], maxpool 2, [relu], [flatten]
//
// (a relu before the pooling runs after it, see network.cpp). On the CPU in float32, and where
// nobody asks the gradient of the images, batch norm is folded into the filters: its statistics
// follow from the moments of the images. Elsewhere the layers run one by one.
#pragma once

#include "batch_norm.h"
#include "conv.h"

namespace moestro {

class ConvPool : public Layer {
 public:
  // How many of the specs, which begin a network, one pass can take; 0: none.
  static int64_t reach(const std::vector<LayerSpec>& specs);

  ConvPool(const std::vector<LayerSpec>& specs, std::vector<std::unique_ptr<Layer>> layers);
  Activations forward(const Activations& x, ExpertRange experts,
                      const ForwardContext& context) const override;
  std::vector<Parameter> parameters() const override;
  std::vector<Buffer> buffers() const override;
  std::string describe() const override;

 private:
  Tensor fused(const Tensor& x, ExpertRange experts, const ForwardContext& context) const;

  std::vector<LayerSpec> specs_;
  std::vector<std::unique_ptr<Layer>> layers_;
  const Conv* conv_;
  const BatchNorm* norm_ = nullptr;
  bool relu_ = false, flatten_ = false;
};

}  // namespace moestro
