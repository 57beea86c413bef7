// A block of a convolutional network in one pass, where its list has the shape
//
//   conv, [batchnorm], maxpool 2, [relu], [flatten]
//
// (a relu before the pooling runs after it, see network.cpp). On the CPU in float32 the whole block
// is one pass over the images, where the convolution is 3 or 5 wide, of stride 1 and at most 4
// channels, all experts see the same images and nobody asks for the gradient of them: batch norm is
// folded into the filters, since its statistics follow from the moments of the images. On a GPU
// in bfloat16 the whole block is one pass, too, where it is the first and has no norm
// (kernels/image_block.h); elsewhere there what comes after the convolution is
// (kernels/pool_block.h). Else the layers run one by one.
#pragma once

#include "batch_norm.h"
#include "conv.h"

namespace moestro {

class ConvPool : public Layer {
 public:
  // How many of the specs, from the first on, are such a block; 0: none.
  static int64_t reach(const std::vector<LayerSpec>& specs);

  ConvPool(const std::vector<LayerSpec>& specs, std::vector<std::unique_ptr<Layer>> layers);
  Activations forward(const Activations& x, ExpertRange experts,
                      const ForwardContext& context) const override;
  std::vector<Parameter> parameters() const override;
  std::vector<Buffer> buffers() const override;
  std::string describe() const override;

 private:
  bool one_pass(const Activations& x) const;
  Tensor fused(const Tensor& x, ExpertRange experts, const ForwardContext& context) const;
  bool one_pass_on_gpu(const Activations& x, ExpertRange experts) const;
  Activations on_gpu(const Tensor& x, ExpertRange experts) const;
  bool pools_on_gpu(const Activations& x, ExpertRange experts) const;
  Activations pooled(const Tensor& x_NGHW, const ChannelNorm& norm, ExpertRange experts) const;
  // Images, or the rows that the block's flatten makes of them.
  Activations ended(const Tensor& y_NGHW, ExpertRange experts) const;

  std::vector<LayerSpec> specs_;
  std::vector<std::unique_ptr<Layer>> layers_;
  const Conv* conv_;
  const BatchNorm* norm_ = nullptr;
  bool relu_ = false, flatten_ = false;
};

}  // namespace moestro
