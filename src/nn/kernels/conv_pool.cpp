#include "conv_pool.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/record_function.h>
#include <torch/csrc/autograd/custom_function.h>

#include "moestro/core/error.h"

namespace moestro {
namespace {

// Blocks are independent of each other, so that results do not depend on the number of threads.
template <class Code>
void for_blocks(const ImageLanes& images, const Code& code) {
  at::parallel_for(0, images.shape.blocks(lane_count(images.path)), 1, code);
}

struct Layout {
  Shape shape;
  OutputPlaces places;
};

Layout layout(const ConvPoolShape& shape, int64_t experts) {
  const int64_t windows = shape.windows(), width = shape.filters * windows;
  if (experts == 0)
    return {{shape.samples, shape.filters, shape.conv_height() / 2, shape.conv_width() / 2},
            {shape.filters, 0, windows, width}};
  const int64_t own = width / experts;
  return {{experts, shape.samples, own},
          {shape.filters / experts, shape.samples * own, windows, own}};
}

Tensor pooled(const ImageLanes& images, const Tensor& weight, const Tensor& bias_G, bool relu,
              int64_t experts, const Tensor& winners) {
  const auto [shape, places] = layout(images.shape, experts);
  Tensor out = at::empty(shape, weight.options().requires_grad(false));
  const Tensor weight_GP = weight.contiguous(), bias = bias_G.contiguous();
  const ConvPoolForward work{images.shape,
                             images.lanes.const_data_ptr<float>(),
                             weight_GP.const_data_ptr<float>(),
                             bias.const_data_ptr<float>(),
                             relu,
                             places,
                             out.mutable_data_ptr<float>(),
                             winners.defined() ? winners.mutable_data_ptr<uint8_t>() : nullptr};
  for_blocks(images, [&](int64_t first, int64_t last) {
    conv_pool_forward(images.path, work, first, last);
  });
  return out;
}

// Gradients of all filters: [G, P + 1], the bias last.
Tensor filter_gradients(const ImageLanes& images, const Tensor& winners, const Tensor& grad,
                        int64_t experts) {
  const ConvPoolShape& shape = images.shape;
  const Tensor grad_out = grad.contiguous();
  const Tensor grads_BGP =
      at::empty({winners.size(0), shape.filters, shape.taps() + 1}, grad_out.options());
  const ConvPoolBackward work{shape,
                              images.lanes.const_data_ptr<float>(),
                              winners.const_data_ptr<uint8_t>(),
                              layout(shape, experts).places,
                              grad_out.const_data_ptr<float>(),
                              grads_BGP.mutable_data_ptr<float>()};
  for_blocks(images, [&](int64_t first, int64_t last) {
    conv_pool_backward(images.path, work, first, last);
  });
  return grads_BGP.sum(0);
}

struct ConvPoolFunction : torch::autograd::Function<ConvPoolFunction> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& weight,
                        const Tensor& bias_G, const ImageLanes& images, bool relu,
                        int64_t experts) {
    const int64_t lanes = lane_count(images.path);
    const Tensor winners =
        at::empty({images.shape.blocks(lanes), images.shape.filters, images.shape.windows(), lanes},
                  weight.options().dtype(at::kByte).requires_grad(false));
    // Not outputs or inputs of the function: nothing that autograd must watch.
    context->saved_data["lanes"] = images.lanes;
    context->saved_data["winners"] = winners;
    const ConvPoolShape& s = images.shape;
    context->saved_data["shape"] =
        Shape{s.samples, s.channels, s.height, s.width, s.pad, s.kernel, s.filters};
    context->saved_data["path"] = static_cast<int64_t>(images.path);
    context->saved_data["experts"] = experts;
    context->saved_data["weight"] = weight.sizes().vec();
    return pooled(images, weight, bias_G, relu, experts, winners);
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list grads) {
    auto& saved = context->saved_data;
    const Shape s = saved["shape"].toIntVector();
    const ImageLanes images{static_cast<VectorPath>(saved["path"].toInt()),
                            {s[0], s[1], s[2], s[3], s[4], s[5], s[6]},
                            saved["lanes"].toTensor()};
    const Tensor all_GP =
        filter_gradients(images, saved["winners"].toTensor(), grads[0], saved["experts"].toInt());
    const int64_t taps = images.shape.taps();
    return {all_GP.narrow(1, 0, taps).reshape(saved["weight"].toIntVector()),
            all_GP.select(1, taps).contiguous(), Tensor(), Tensor(), Tensor()};
  }
};

}  // namespace

ImageLanes image_lanes(const Tensor& x_NCHW, int64_t kernel, int64_t pad, VectorPath path) {
  RECORD_FUNCTION("moestro::image_lanes", c10::ArrayRef<const c10::IValue>());
  const Tensor x = x_NCHW.contiguous();
  ImageLanes images{path, {x.size(0), x.size(1), x.size(2), x.size(3), pad, kernel, 0}, {}};
  const int64_t lanes = lane_count(path);
  images.lanes = at::empty({images.shape.blocks(lanes), images.shape.pixels(), lanes}, x.options());
  for_blocks(images, [&](int64_t first, int64_t last) {
    images_to_lanes(path, images.shape, x.const_data_ptr<float>(),
                    images.lanes.mutable_data_ptr<float>(), first, last);
  });
  return images;
}

Tensor conv_pool(const ImageLanes& images, const Tensor& weight, const Tensor& bias_G, bool relu,
                 int64_t experts) {
  ImageLanes all = images;
  all.shape.filters = weight.size(0);
  MOESTRO_CHECK(weight.numel() == weight.size(0) * all.shape.taps());
  // Profilers see dispatched operators only.
  RECORD_FUNCTION("moestro::conv_pool", c10::ArrayRef<const c10::IValue>());
  const bool learns =
      at::GradMode::is_enabled() && (weight.requires_grad() || bias_G.requires_grad());
  if (!learns) return pooled(all, weight, bias_G, relu, experts, {});
  return ConvPoolFunction::apply(weight, bias_G, all, relu, experts);
}

PatchMoments patch_moments(const ImageLanes& images) {
  RECORD_FUNCTION("moestro::patch_moments", c10::ArrayRef<const c10::IValue>());
  const ConvPoolShape& shape = images.shape;
  const int64_t taps = shape.taps(),
                count = shape.samples * shape.conv_height() * shape.conv_width();
  Tensor sums = at::zeros({shape.blocks(lane_count(images.path)), taps, taps + 1}, at::kDouble);
  for_blocks(images, [&](int64_t first, int64_t last) {
    patch_sums(images.path, shape, images.lanes.const_data_ptr<float>(),
               sums.mutable_data_ptr<double>(), first, last);
  });
  const Tensor means = sums.sum(0).div_(count);
  const Tensor mean_P = means.select(1, taps), upper_PP = means.narrow(1, 0, taps);
  const Tensor second_PP = upper_PP.triu() + upper_PP.triu(1).t();
  return {mean_P, second_PP - at::outer(mean_P, mean_P), count};
}

}  // namespace moestro
