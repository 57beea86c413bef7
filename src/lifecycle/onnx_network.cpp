#include "onnx_network.h"

#include <ATen/ATen.h>

#include "moestro/core/error.h"
#include "moestro/nn/layer.h"

namespace moestro {
namespace {

std::string name_of(const LayerSpec& spec, const char* tensor) {
  return fmt::format("{}.{}", spec.index, tensor);
}

std::string convolution(OnnxBuilder& onnx, const LayerSpec& spec, const std::string& x) {
  OnnxBuilder::Values inputs = {x, onnx.value(name_of(spec, "weight"))};
  if (spec.bias) inputs.push_back(onnx.value(name_of(spec, "bias")));
  return onnx.node("Conv", inputs,
                   {{"kernel_shape", std::vector<int64_t>(2, spec.kernel)},
                    {"pads", std::vector<int64_t>(4, spec.pad)},
                    {"strides", std::vector<int64_t>(2, spec.stride)}});
}

std::string pool(OnnxBuilder& onnx, const char* op, const LayerSpec& spec, const std::string& x) {
  const std::vector<int64_t> window(2, spec.size);
  return onnx.node(op, {x}, {{"kernel_shape", window}, {"strides", window}});
}

std::string batch_norm(OnnxBuilder& onnx, const LayerSpec& spec, const std::string& x) {
  OnnxBuilder::Values inputs = {x};
  for (const char* tensor : {"weight", "bias", "running_mean", "running_var"})
    inputs.push_back(onnx.value(name_of(spec, tensor)));
  return onnx.node("BatchNormalization", inputs, {{"epsilon", kBatchNormEpsilon}});
}

std::string columns(OnnxBuilder& onnx, const std::string& x_BD, int64_t first, int64_t end) {
  return onnx.node("Slice",
                   {x_BD, onnx.integers({first}), onnx.integers({end}), onnx.integers({1})});
}

// The inputs that are no categories, then the vector of each category, column by column.
std::string embedding(OnnxBuilder& onnx, const LayerSpec& spec, const std::string& x_BD) {
  OnnxBuilder::Values numbers, rows;
  int64_t next = 0, first = 0;
  const auto numbers_up_to = [&](int64_t end) {
    if (next < end) numbers.push_back(columns(onnx, x_BD, next, end));
  };
  for (const InputSpan& column : spec.categories) {
    const int64_t end = column.first + column.count;
    numbers_up_to(column.first);
    const std::string largest =
        onnx.node("ArgMax", {columns(onnx, x_BD, column.first, end)}, {{"axis", int64_t{1}}});
    rows.push_back(onnx.node("Add", {largest, onnx.integers({first})}));
    first += column.count;
    next = end;
  }
  numbers_up_to(spec.in.at(0));
  const std::string rows_BS = onnx.node("Concat", rows, {{"axis", int64_t{1}}});
  const std::string vectors_BSF =
      onnx.node("Gather", {onnx.value(name_of(spec, "weight")), rows_BS});
  numbers.push_back(onnx.node("Flatten", {vectors_BSF}));
  return onnx.node("Concat", numbers, {{"axis", int64_t{1}}});
}

std::string layer(OnnxBuilder& onnx, const LayerSpec& spec, const std::string& x) {
  switch (spec.kind) {
    case LayerKind::conv:
      return convolution(onnx, spec, x);
    case LayerKind::linear:
      return onnx.linear(x, std::to_string(spec.index));
    case LayerKind::relu:
      return onnx.node("Relu", {x});
    case LayerKind::gelu:
      return onnx.gelu(x);
    case LayerKind::tanh:
      return onnx.node("Tanh", {x});
    case LayerKind::sigmoid:
      return onnx.node("Sigmoid", {x});
    case LayerKind::maxpool:
      return pool(onnx, "MaxPool", spec, x);
    case LayerKind::avgpool:
      return pool(onnx, "AveragePool", spec, x);
    case LayerKind::batchnorm:
      MOESTRO_CHECK(!spec.batch_statistics, "{}", spec.text);
      return batch_norm(onnx, spec, x);
    case LayerKind::flatten:
      return onnx.node("Flatten", {x});
    case LayerKind::dropout:
      return x;
    case LayerKind::embed:
      return embedding(onnx, spec, x);
  }
  MOESTRO_CHECK(false, "layer {}", spec.text);
  return {};
}

}  // namespace

std::string onnx_network(OnnxBuilder& onnx, const std::vector<LayerSpec>& specs,
                         const std::string& x) {
  std::string value = x;
  for (const LayerSpec& spec : specs) value = layer(onnx, spec, value);
  return value;
}

}  // namespace moestro
