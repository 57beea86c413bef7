#include "moestro/store/onnx.h"

#include <set>

#include <ATen/ATen.h>

#include "moestro/core/error.h"
#include "moestro/core/version.h"
#include "moestro/store/protobuf.h"

namespace moestro {

namespace fs = std::filesystem;

namespace {

// Field numbers of onnx.proto, under its own names.
struct ModelProto {
  enum { ir_version = 1, producer_name, producer_version, graph = 7, opset_import, metadata = 14 };
};
struct OperatorSetProto {
  enum { version = 2 };  // the domain is the default one
};
struct EntryProto {
  enum { key = 1, value };
};
struct GraphProto {
  enum { node = 1, name, initializer = 5, input = 11, output };
};
struct NodeProto {
  enum { input = 1, output, name, op_type, attribute };
};
struct AttributeProto {
  enum { name = 1, f, i, ints = 8, type = 20 };
  enum Type { type_float = 1, type_int = 2, type_ints = 7 };
};
struct TensorProto {
  enum { dims = 1, data_type, name = 8, raw_data };
};
struct ValueInfoProto {
  enum { name = 1, type, doc_string };
};
struct TypeProto {
  enum { tensor_type = 1 };
};
struct TensorTypeProto {
  enum { elem_type = 1, shape };
};
struct ShapeProto {
  enum { dim = 1 };
};
struct DimensionProto {
  enum { dim_value = 1, dim_param };
};

constexpr int64_t kIrVersion = 8;              // the one that came with operator set 17
constexpr uint64_t kLargest = (1u << 31) - 1;  // what protocol buffers can count
constexpr double kGibibyte = 1u << 30;

ProtobufMessage attribute_message(const OnnxAttribute& attribute) {
  using Field = AttributeProto;
  ProtobufMessage message;
  message.text(Field::name, attribute.name);
  if (const auto* whole = std::get_if<int64_t>(&attribute.value))
    return message.integer(Field::i, *whole).integer(Field::type, Field::type_int);
  if (const auto* real = std::get_if<double>(&attribute.value))
    return message.real32(Field::f, static_cast<float>(*real))
        .integer(Field::type, Field::type_float);
  for (const int64_t entry : std::get<std::vector<int64_t>>(attribute.value))
    message.integer(Field::ints, entry);
  return message.integer(Field::type, Field::type_ints);
}

ProtobufMessage node_message(const OnnxNode& node) {
  using Field = NodeProto;
  ProtobufMessage message;
  for (const std::string& input : node.inputs) message.text(Field::input, input);
  for (const std::string& output : node.outputs) message.text(Field::output, output);
  message.text(Field::name, node.outputs.front()).text(Field::op_type, node.op);
  for (const OnnxAttribute& attribute : node.attributes)
    message.message(Field::attribute, attribute_message(attribute));
  return message;
}

ProtobufMessage shape_message(const OnnxValue& value) {
  ProtobufMessage shape;
  for (const auto& dimension : value.shape) {
    ProtobufMessage message;
    if (const auto* extent = std::get_if<int64_t>(&dimension))
      message.integer(DimensionProto::dim_value, *extent);
    else
      message.text(DimensionProto::dim_param, std::get<std::string>(dimension));
    shape.message(ShapeProto::dim, message);
  }
  return shape;
}

ProtobufMessage value_message(const OnnxValue& value) {
  const auto tensor = ProtobufMessage()
                          .integer(TensorTypeProto::elem_type, onnx_type(value.type))
                          .message(TensorTypeProto::shape, shape_message(value));
  const auto type = ProtobufMessage().message(TypeProto::tensor_type, tensor);
  return ProtobufMessage()
      .text(ValueInfoProto::name, value.name)
      .message(ValueInfoProto::type, type)
      .text(ValueInfoProto::doc_string, value.meaning);
}

// All of a constant but its data, which follow.
ProtobufMessage tensor_head(const std::string& name, const Tensor& tensor) {
  ProtobufMessage message;
  for (const int64_t extent : tensor.sizes()) message.integer(TensorProto::dims, extent);
  return message.integer(TensorProto::data_type, onnx_type(tensor.scalar_type()))
      .text(TensorProto::name, name)
      .head(TensorProto::raw_data, tensor.nbytes());
}

ProtobufMessage model_head(const OnnxGraph& graph) {
  using Field = ModelProto;
  ProtobufMessage message;
  message.integer(Field::ir_version, kIrVersion)
      .text(Field::producer_name, "moestro")
      .text(Field::producer_version, version())
      .message(Field::opset_import,
               ProtobufMessage().integer(OperatorSetProto::version, kOnnxOperatorSet));
  for (const auto& [key, value] : graph.metadata)
    message.message(Field::metadata,
                    ProtobufMessage().text(EntryProto::key, key).text(EntryProto::value, value));
  return message;
}

// All of the graph but its constants, which follow.
ProtobufMessage graph_head(const OnnxGraph& graph) {
  using Field = GraphProto;
  ProtobufMessage message;
  for (const OnnxNode& node : graph.nodes) message.message(Field::node, node_message(node));
  message.text(Field::name, graph.name);
  for (const OnnxValue& input : graph.inputs) message.message(Field::input, value_message(input));
  for (const OnnxValue& output : graph.outputs)
    message.message(Field::output, value_message(output));
  return message;
}

void check_order(const OnnxGraph& graph) {
  std::set<std::string> known = {""};
  const auto add = [&](const std::string& name) {
    MOESTRO_CHECK(known.insert(name).second, "value {} twice", name);
  };
  for (const OnnxValue& input : graph.inputs) add(input.name);
  for (const auto& [name, tensor] : graph.initializers) add(name);
  for (const OnnxNode& node : graph.nodes) {
    for (const std::string& input : node.inputs)
      MOESTRO_CHECK(known.contains(input), "{} reads {}, which is not there", node.op, input);
    MOESTRO_CHECK(!node.outputs.empty(), "{} without an output", node.op);
    for (const std::string& output : node.outputs) add(output);
  }
  for (const OnnxValue& output : graph.outputs)
    MOESTRO_CHECK(known.contains(output.name), "no output {}", output.name);
}

}  // namespace

int64_t onnx_type(at::ScalarType type) {
  switch (type) {
    case at::kFloat:
      return 1;
    case at::kLong:
      return 7;
    case at::kBool:
      return 9;
    default:
      MOESTRO_CHECK(false, "{} in an ONNX file", c10::toString(type));
      return 0;
  }
}

void write_onnx(const fs::path& path, const OnnxGraph& graph) {
  check_order(graph);
  const ProtobufMessage front = graph_head(graph);
  std::vector<std::string> heads;  // of the constants, with those of the fields they are in
  uint64_t size = front.bytes().size();
  for (const auto& [name, tensor] : graph.initializers) {
    const ProtobufMessage head = tensor_head(name, tensor);
    const uint64_t bytes = head.bytes().size() + tensor.nbytes();
    heads.push_back(ProtobufMessage().head(GraphProto::initializer, bytes).bytes() + head.bytes());
    size += heads.back().size() + tensor.nbytes();
  }
  const ProtobufMessage begin = model_head(graph).head(ModelProto::graph, size);
  if (begin.bytes().size() + size > kLargest)
    throw UserError(
        "{}: {:.1f} GiB; expected less than 2 GiB for an ONNX file, or a name that ends in "
        ".safetensors",
        path.string(), static_cast<double>(size) / kGibibyte);
  AtomicFile file(path);
  file.write(begin.bytes());
  file.write(front.bytes());
  for (size_t i = 0; i < heads.size(); ++i) {
    file.write(heads[i]);
    const Tensor plain = graph.initializers[i].second.detach().cpu().contiguous();
    if (plain.numel() > 0)
      file.write({static_cast<const char*>(plain.const_data_ptr()), plain.nbytes()});
  }
  file.commit();
}

}  // namespace moestro
