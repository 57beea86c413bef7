#include "moestro/train/image_encoder.h"

#include <ATen/core/Tensor.h>

#include "moestro/core/error.h"
#include "moestro/nn/sides.h"

namespace moestro {
namespace {

// Told whether it trains, which the frozen blocks are not: no dropout, no noise of their gates.
class Told : public Sides {
 public:
  Told(Sides& sides, const ForwardContext& context) : sides_(sides), context_(context) {}

  Tensor forward(int64_t block, const Tensor& x_ND, const Packing& rows,
                 const ForwardContext&) override {
    return sides_.forward(block, x_ND, rows, context_);
  }

 private:
  Sides& sides_;
  const ForwardContext& context_;
};

}  // namespace

ImageEncoder::ImageEncoder(std::shared_ptr<const Classifier> classifier, Normaliser normaliser,
                           c10::Device device, c10::ScalarType precision)
    : classifier_(std::move(classifier)),
      normaliser_(std::move(normaliser)),
      device_(device),
      precision_(precision) {
  if (!classifier_->patches()) throw UserError("an encoder of texts; expected one of images");
  if (!normaliser_.pixels())
    throw UserError("an encoder of images of numbers; expected one of pixels, unsigned bytes");
  const std::vector<Parameter> parameters = classifier_->parameters();
  convert(parameters, classifier_->buffers(), at::TensorOptions(device).dtype(precision));
  for (const Parameter& parameter : parameters) parameter.value.set_requires_grad(false);
}

Shape ImageEncoder::image_shape() const {
  const PatchShape& shape = classifier_->patches()->shape();
  return {shape.channels, shape.height, shape.width};
}

std::vector<Parameter> ImageEncoder::parameters() const {
  std::vector<Parameter> all = classifier_->parameters();
  std::erase_if(all,
                [](const Parameter& parameter) { return parameter.name.starts_with("head."); });
  return all;
}

int64_t ImageEncoder::tokens() const {
  return classifier_->patches()->tokens();
}

int64_t ImageEncoder::blocks() const {
  return classifier_->encoder().shape().depth;
}

int64_t ImageEncoder::width() const {
  return classifier_->encoder().shape().width;
}

Tensor ImageEncoder::last_rows(const Tensor& inputs, const Packing& rows,
                               const ForwardContext& context, Sides* sides) const {
  const ForwardContext own{.precision = precision_};
  const Tensor x_BCHW = in_precision(normaliser_.apply(inputs), own);
  const Tensor x_ND = classifier_->patches()->forward(x_BCHW, own);
  if (!sides) return classifier_->encoder().forward(x_ND, rows, own, {}).x_ND;
  Told told(*sides, context);
  return classifier_->encoder().forward(x_ND, rows, own, {}, nullptr, &told).x_ND;
}

}  // namespace moestro
