#include "onnx_builder.h"

#include <cmath>

#include <ATen/ATen.h>
#include <fmt/ranges.h>

#include "moestro/core/error.h"

namespace moestro {

const Tensor& OnnxBuilder::tensor(const std::string& weight) const {
  const auto found = weights_.find(weight);
  MOESTRO_CHECK(found != weights_.end(), "no weight {}", weight);
  return found->second;
}

std::string OnnxBuilder::value(const std::string& weight) {
  return constant(weight, tensor(weight));
}

std::string OnnxBuilder::constant(const std::string& name, const Tensor& tensor) {
  if (used_[name]++ == 0) graph.initializers.emplace_back(name, tensor);
  return name;
}

std::string OnnxBuilder::number(double number) {
  return constant(fmt::format("number_{}", number), at::scalar_tensor(number, at::kFloat));
}

std::string OnnxBuilder::integer(int64_t integer) {
  return constant(fmt::format("integer_{}", integer), at::scalar_tensor(integer, at::kLong));
}

std::string OnnxBuilder::integers(const std::vector<int64_t>& integers) {
  return constant(fmt::format("integers_{}", fmt::join(integers, "_")),
                  at::tensor(integers, at::kLong));
}

std::string OnnxBuilder::node(const std::string& op, Values inputs,
                              std::vector<OnnxAttribute> attributes) {
  return nodes(op, 1, std::move(inputs), std::move(attributes)).front();
}

OnnxBuilder::Values OnnxBuilder::nodes(const std::string& op, int64_t outputs, Values inputs,
                                       std::vector<OnnxAttribute> attributes) {
  Values names;
  for (int64_t i = 0; i < outputs; ++i) names.push_back(fmt::format("{}_{}", op, ++used_[op]));
  graph.nodes.push_back({op, std::move(inputs), names, std::move(attributes)});
  return names;
}

std::string OnnxBuilder::linear(const std::string& x, const std::string& name) {
  const std::string product = node("MatMul", {x, value(name + ".weight")});
  return has(name + ".bias") ? node("Add", {product, value(name + ".bias")}) : product;
}

std::string OnnxBuilder::gelu(const std::string& x) {
  const std::string erf = node("Erf", {node("Mul", {x, number(std::sqrt(.5))})});
  const std::string half = node("Mul", {x, number(.5)});
  return node("Mul", {half, node("Add", {erf, number(1)})});
}

std::string OnnxBuilder::transpose(const std::string& x, const std::vector<int64_t>& axes) {
  return node("Transpose", {x}, {{"perm", axes}});
}

std::string OnnxBuilder::input(OnnxValue value) {
  graph.inputs.push_back(value);
  return value.name;
}

void OnnxBuilder::output(const std::string& value, OnnxValue as) {
  graph.nodes.push_back({"Identity", {value}, {as.name}, {}});
  graph.outputs.push_back(std::move(as));
}

}  // namespace moestro
