// An ONNX graph under construction: values are names, a node gives those of its outputs.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "moestro/store/onnx.h"

namespace moestro {

class OnnxBuilder {
 public:
  using Values = std::vector<std::string>;

  // weights: float32, without an expert axis.
  explicit OnnxBuilder(const NamedTensors& weights) : weights_(weights.begin(), weights.end()) {}

  bool has(const std::string& weight) const { return weights_.contains(weight); }
  // A weight that must be there; in the graph from the first time that value() is asked for it.
  const Tensor& tensor(const std::string& weight) const;
  std::string value(const std::string& weight);

  // Other constants; the same numbers share one.
  std::string constant(const std::string& name, const Tensor& tensor);
  std::string number(double number);                           // float32 scalar
  std::string integer(int64_t integer);                        // int64 scalar
  std::string integers(const std::vector<int64_t>& integers);  // int64 [n]

  std::string node(const std::string& op, Values inputs,
                   std::vector<OnnxAttribute> attributes = {});
  Values nodes(const std::string& op, int64_t outputs, Values inputs,
               std::vector<OnnxAttribute> attributes = {});

  // x W + b by the weights "<name>.weight" [in, out] and, where it is there, "<name>.bias".
  std::string linear(const std::string& x, const std::string& name);
  std::string gelu(const std::string& x);  // exact, by the error function
  std::string transpose(const std::string& x, const std::vector<int64_t>& axes);

  std::string input(OnnxValue value);
  // A value under the name of an output.
  void output(const std::string& value, OnnxValue as);

  OnnxGraph graph;

 private:
  std::map<std::string, Tensor> weights_;
  std::map<std::string, int64_t> used_;  // names that nodes and constants go by
};

}  // namespace moestro
