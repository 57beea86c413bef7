// ONNX files, written without ONNX's own library: a graph of operators over named tensors that many
// programs run. Format: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, operators:
// https://onnx.ai/onnx/operators. Ours are of operator set 17 (ONNX 1.12).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include <c10/core/ScalarType.h>

#include "moestro/store/safetensors.h"

namespace moestro {

constexpr int64_t kOnnxOperatorSet = 17;

// The number that the format gives a type: float32 (1), int64 (7), bool (9); others are not
// written. MOESTRO_CHECK.
int64_t onnx_type(at::ScalarType type);

struct OnnxAttribute {
  std::string name;
  std::variant<int64_t, double, std::vector<int64_t>> value;  // a double is stored as float32
};

// Inputs and outputs are names of values; the empty name is an input left out.
struct OnnxNode {
  std::string op;
  std::vector<std::string> inputs, outputs;
  std::vector<OnnxAttribute> attributes;
};

// An input or output of the graph. A dimension is an extent, or the name of one that may vary.
struct OnnxValue {
  std::string name;
  at::ScalarType type = at::kFloat;
  std::vector<std::variant<int64_t, std::string>> shape;
  std::string meaning = {};
};

struct OnnxGraph {
  std::string name;
  std::vector<OnnxValue> inputs, outputs;
  NamedTensors initializers;    // constants: weights, shapes
  std::vector<OnnxNode> nodes;  // each behind those whose outputs it reads
  std::map<std::string, std::string> metadata;
};

// Writes atomically, one tensor in memory at a time (any device, any strides). Throws UserError
// where the file would have 2 GiB or more, the limit of the format; SystemError (full disk, folder
// not writable). MOESTRO_CHECK that every value a node reads is there before it, and none twice.
void write_onnx(const std::filesystem::path& path, const OnnxGraph& graph);

}  // namespace moestro
