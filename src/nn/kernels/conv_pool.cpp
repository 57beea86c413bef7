#include "conv_pool.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/record_function.h>
#include <torch/csrc/autograd/custom_function.h>

#include "first_derivative.h"
#include "moestro/core/error.h"

namespace moestro {
namespace {

// Blocks are independent of each other, so that results do not depend on the number of threads.
template <class Code>
void for_blocks(const ImageLanes& images, const Code& code) {
  at::parallel_for(0, images.shape.blocks(lane_count(images.path)), 1, code);
}

// In their order, which ATen's sum makes depend on the number of threads where tensors are large.
template <class T>
Tensor sum_of_blocks(const Tensor& blocks) {
  Tensor total = blocks[0].clone();
  const int64_t count = total.numel();
  T* sums = total.mutable_data_ptr<T>();
  const T* block = blocks.const_data_ptr<T>();
  for (int64_t b = 1; b < blocks.size(0); ++b) {
    block += count;
    for (int64_t i = 0; i < count; ++i) sums[i] += block[i];
  }
  return total;
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
  return sum_of_blocks<float>(grads_BGP);
}

struct ConvPoolFunction : torch::autograd::Function<ConvPoolFunction> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& weight,
                        const Tensor& bias_G, const ImageLanes& images, bool relu,
                        int64_t experts) {
    const int64_t lanes = lane_count(images.path);
    const Tensor winners =
        at::empty({images.shape.blocks(lanes), images.shape.filters, images.shape.windows(), lanes},
                  weight.options().dtype(at::kByte).requires_grad(false));
    context->save_for_backward({images.lanes, winners});
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
    refuse_second_derivatives("conv_pool");
    const auto tensors = context->get_saved_variables();
    auto& saved = context->saved_data;
    const Shape s = saved["shape"].toIntVector();
    const ImageLanes images{static_cast<VectorPath>(saved["path"].toInt()),
                            {s[0], s[1], s[2], s[3], s[4], s[5], s[6]},
                            tensors[0]};
    const Tensor all_GP = filter_gradients(images, tensors[1], grads[0], saved["experts"].toInt());
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
  const Tensor means = sum_of_blocks<double>(sums).div_(count);
  const Tensor mean_P = means.select(1, taps), upper_PP = means.narrow(1, 0, taps);
  const Tensor second_PP = upper_PP.triu() + upper_PP.triu(1).t();
  return {mean_P, second_PP - at::outer(mean_P, mean_P), count};
}

}  // namespace moestro
