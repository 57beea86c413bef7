#include "conv_pool.h"

#include <algorithm>

#include <ATen/ATen.h>

#include "../kernels/image_block.h"
#include "../kernels/pool_block.h"
#include "moestro/core/error.h"
#include "stacked.h"

namespace moestro {
namespace {

constexpr int64_t kMostChannels = 4;

bool fits(const LayerSpec& conv) {
  return conv.kind == LayerKind::conv && conv.stride == 1 && conv_pool_has_kernel(conv.kernel) &&
         conv.in.at(0) <= kMostChannels;
}

}  // namespace

int64_t ConvPool::reach(const std::vector<LayerSpec>& specs) {
  int64_t count = 0;
  const auto next_is = [&](LayerKind kind) {
    return count < std::ssize(specs) && specs[count].kind == kind;
  };
  if (!next_is(LayerKind::conv)) return 0;
  ++count;
  if (next_is(LayerKind::batchnorm)) ++count;
  if (!next_is(LayerKind::maxpool) || specs[count++].size != 2) return 0;
  if (next_is(LayerKind::relu)) ++count;
  if (next_is(LayerKind::flatten)) ++count;
  return count;
}

ConvPool::ConvPool(const std::vector<LayerSpec>& specs, std::vector<std::unique_ptr<Layer>> layers)
    : specs_(specs), layers_(std::move(layers)) {
  MOESTRO_CHECK(reach(specs_) == std::ssize(specs_) && specs_.size() == layers_.size());
  conv_ = dynamic_cast<const Conv*>(layers_.front().get());
  for (const auto& layer : layers_)
    if (const auto* norm = dynamic_cast<const BatchNorm*>(layer.get())) norm_ = norm;
  for (const LayerSpec& spec : specs_) {
    relu_ |= spec.kind == LayerKind::relu;
    flatten_ |= spec.kind == LayerKind::flatten;
  }
}

Activations ConvPool::forward(const Activations& x, ExpertRange experts,
                              const ForwardContext& context) const {
  if (one_pass(x)) return {fused(x.value, experts, context), experts.count, !flatten_};
  if (one_pass_on_gpu(x, experts)) return on_gpu(x.value, experts);
  const bool pools = pools_on_gpu(x, experts);
  if (pools && !norm_)
    return pooled(conv_->without_bias(x, experts), {.bias_G = conv_->bias_G(experts)}, experts);
  Activations value = x;
  for (const auto& layer : layers_) {
    value = layer->forward(value, experts, context);
    if (!pools || layer.get() != conv_) continue;
    if (const auto norm = norm_->channel_norm(value.value, experts, context))
      return pooled(value.value, *norm, experts);
  }
  return value;
}

bool ConvPool::one_pass(const Activations& x) const {
  return fits(specs_.front()) && x.experts == 1 && x.value.is_cpu() &&
         x.value.scalar_type() == at::kFloat && !x.value.requires_grad() && x.value.size(0) > 0;
}

bool ConvPool::one_pass_on_gpu(const Activations& x, ExpertRange experts) const {
  const LayerSpec& conv = specs_.front();
  return !norm_ && keeps_size(conv) && x.experts == 1 && !x.value.requires_grad() &&
         image_block_fits(x.value, x.value.sizes().vec(), experts.count * conv.size);
}

Activations ConvPool::on_gpu(const Tensor& x, ExpertRange experts) const {
  const Filters filters = conv_->filters(experts);
  return ended(image_block(x, filters.weight_GP, filters.bias_G, relu_), experts);
}

bool ConvPool::pools_on_gpu(const Activations& x, ExpertRange experts) const {
  const Shape& out = specs_.front().out;
  return pool_block_fits(x.value, {x.value.size(0), experts.count * out[0], out[1], out[2]});
}

Activations ConvPool::pooled(const Tensor& x_NGHW, const ChannelNorm& norm,
                             ExpertRange experts) const {
  return ended(pool_block(x_NGHW, norm, relu_), experts);
}

Activations ConvPool::ended(const Tensor& y_NGHW, ExpertRange experts) const {
  const Activations images{y_NGHW, experts.count, true};
  return flatten_ ? flattened(images) : images;
}

Tensor ConvPool::fused(const Tensor& x, ExpertRange experts, const ForwardContext& context) const {
  const LayerSpec& conv = specs_.front();
  const ImageLanes images = image_lanes(x, conv.kernel, conv.pad);
  Filters filters = conv_->filters(experts);
  if (norm_) filters = norm_->folded(filters, images, experts, context);
  return conv_pool(images, filters.weight_GP, filters.bias_G, relu_, flatten_ ? experts.count : 0);
}

std::vector<Parameter> ConvPool::parameters() const {
  std::vector<Parameter> all;
  for (const auto& layer : layers_)
    for (Parameter& parameter : layer->parameters()) all.push_back(std::move(parameter));
  return all;
}

std::vector<Buffer> ConvPool::buffers() const {
  return norm_ ? norm_->buffers() : std::vector<Buffer>();
}

std::string ConvPool::describe() const {
  std::string list;
  for (const LayerSpec& spec : specs_) list += (list.empty() ? "" : ", ") + spec.text;
  if (fits(specs_.front()) && conv_->shares_input())
    return fmt::format("{}: one pass over the images for {} expert{}, {}, on the CPU in float32{}",
                       list, conv_->experts(), conv_->experts() == 1 ? "" : "s",
                       path_name(best_vector_path()),
                       norm_ || !keeps_size(specs_.front())
                           ? ""
                           : ", on a GPU in bfloat16 by a kernel of our own where it fits");
  std::string lines;
  for (const auto& layer : layers_) lines += (lines.empty() ? "" : "; ") + layer->describe();
  return lines;
}

}  // namespace moestro
