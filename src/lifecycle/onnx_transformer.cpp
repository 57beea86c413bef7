#include "onnx_transformer.h"

#include <cmath>
#include <limits>

#include <ATen/ATen.h>

#include "moestro/core/error.h"
#include "moestro/nn/positions.h"

namespace moestro {
namespace {

using Value = std::string;
using Values = OnnxBuilder::Values;

OnnxAttribute axis(int64_t axis) {
  return {"axis", axis};
}

// B sentences or images of T rows each.
struct PaddedRows {
  Value x_BTD;
  int64_t longest;      // T is at most that
  Value length_1 = {};  // T as a value; empty: T is `longest`
  Value valid_BT = {};  // bool; empty: no row is padding
};

class EncoderGraph {
 public:
  EncoderGraph(OnnxBuilder& onnx, const TransformerShape& shape, const PaddedRows& rows);
  Value encoded();

 private:
  Value block(int64_t index, const Value& x_BTD);
  Value attention(const Value& x_BTD, const std::string& name);
  Value turned(const Value& x_BHTd);
  Value feed_forward(const Value& x_BTD, const std::string& name);
  Value norm(const Value& x_BTD, const std::string& name);
  // The table's rows of the places 0 to T - 1.
  Value of_places(const Value& table);
  Value with_places(const Value& x_BTD);
  void take_turns();
  void take_mask();

  OnnxBuilder& onnx_;
  const TransformerShape& shape_;
  PaddedRows rows_;
  Value cos_Td_, sin_Td_;  // rotary places; half of a head's width
  Value mask_B11T_;        // added to scores; empty: none
};

EncoderGraph::EncoderGraph(OnnxBuilder& onnx, const TransformerShape& shape, const PaddedRows& rows)
    : onnx_(onnx), shape_(shape), rows_(rows) {
  if (shape.positions == PositionKind::rotary) take_turns();
  if (!rows.valid_BT.empty()) take_mask();
}

void EncoderGraph::take_turns() {
  const int64_t head_width = shape_.width / shape_.heads;
  const std::vector<Tensor> turns =
      rotary_turns(0, rows_.longest, head_width, at::kFloat).chunk(2, 1);
  cos_Td_ = of_places(onnx_.constant("encoder.cosines", turns[0].contiguous()));
  sin_Td_ = of_places(onnx_.constant("encoder.sines", turns[1].contiguous()));
}

void EncoderGraph::take_mask() {
  const Value valid_B11T = onnx_.node("Unsqueeze", {rows_.valid_BT, onnx_.integers({1, 2})});
  mask_B11T_ = onnx_.node(
      "Where", {valid_B11T, onnx_.number(0), onnx_.number(std::numeric_limits<float>::lowest())});
}

Value EncoderGraph::of_places(const Value& table) {
  if (rows_.length_1.empty()) return table;
  return onnx_.node("Slice", {table, onnx_.integers({0}), rows_.length_1, onnx_.integers({0})});
}

Value EncoderGraph::with_places(const Value& x_BTD) {
  if (shape_.positions == PositionKind::rotary) return x_BTD;
  const Value table =
      shape_.positions == PositionKind::learned
          ? onnx_.value("embeddings.positions")
          : onnx_.constant("embeddings.sinusoids",
                           sinusoids(0, rows_.longest, shape_.width, at::kCPU).to(at::kFloat));
  return onnx_.node("Add", {x_BTD, of_places(table)});
}

Value EncoderGraph::norm(const Value& x_BTD, const std::string& name) {
  const Value weight_D = onnx_.value(name + ".weight");
  if (shape_.norm == NormKind::layer)
    return onnx_.node("LayerNormalization", {x_BTD, weight_D, onnx_.value(name + ".bias")},
                      {axis(-1), {"epsilon", shape_.epsilon}});
  const Value square_BT1 = onnx_.node("ReduceMean", {onnx_.node("Mul", {x_BTD, x_BTD})},
                                      {{"axes", std::vector<int64_t>{-1}}});
  const Value size_BT1 =
      onnx_.node("Sqrt", {onnx_.node("Add", {square_BT1, onnx_.number(shape_.epsilon)})});
  return onnx_.node("Mul", {onnx_.node("Div", {x_BTD, size_BT1}), weight_D});
}

// The halves (a, b) of a head become (a cos - b sin, b cos + a sin).
Value EncoderGraph::turned(const Value& x_BHTd) {
  const Values halves = onnx_.nodes("Split", 2, {x_BHTd}, {axis(-1)});
  const auto times = [&](int half, const Value& turns) {
    return onnx_.node("Mul", {halves[half], turns});
  };
  const Value left = onnx_.node("Sub", {times(0, cos_Td_), times(1, sin_Td_)});
  const Value right = onnx_.node("Add", {times(1, cos_Td_), times(0, sin_Td_)});
  return onnx_.node("Concat", {left, right}, {axis(-1)});
}

Value EncoderGraph::attention(const Value& x_BTD, const std::string& name) {
  const int64_t heads = shape_.heads, head_width = shape_.width / heads;
  const Value qkv_BT3Hd = onnx_.node("Reshape", {onnx_.linear(x_BTD, name + ".qkv"),
                                                 onnx_.integers({0, 0, 3, heads, head_width})});
  Values parts_BHTd;
  for (int64_t part = 0; part < 3; ++part) {
    const Value part_BTHd = onnx_.node("Gather", {qkv_BT3Hd, onnx_.integer(part)}, {axis(2)});
    parts_BHTd.push_back(onnx_.transpose(part_BTHd, {0, 2, 1, 3}));
  }
  if (!cos_Td_.empty())
    for (const int part : {0, 1}) parts_BHTd[part] = turned(parts_BHTd[part]);
  const Value query = onnx_.node(
      "Mul", {parts_BHTd[0], onnx_.number(1 / std::sqrt(static_cast<double>(head_width)))});
  const Value key_BHdT = onnx_.transpose(parts_BHTd[1], {0, 1, 3, 2});
  Value scores_BHTT = onnx_.node("MatMul", {query, key_BHdT});
  if (!mask_B11T_.empty()) scores_BHTT = onnx_.node("Add", {scores_BHTT, mask_B11T_});
  const Value seen_BHTd =
      onnx_.node("MatMul", {onnx_.node("Softmax", {scores_BHTT}, {axis(-1)}), parts_BHTd[2]});
  const Value seen_BTHd = onnx_.transpose(seen_BHTd, {0, 2, 1, 3});
  const Value seen_BTD = onnx_.node("Reshape", {seen_BTHd, onnx_.integers({0, 0, shape_.width})});
  return onnx_.linear(seen_BTD, name + ".out");
}

Value EncoderGraph::feed_forward(const Value& x_BTD, const std::string& name) {
  const Value up_BTF = onnx_.linear(x_BTD, name + ".up");
  const auto activated = [&]() -> Value {
    if (shape_.activation == FeedForwardKind::relu) return onnx_.node("Relu", {up_BTF});
    if (shape_.activation == FeedForwardKind::gelu) return onnx_.gelu(up_BTF);
    const Values parts = onnx_.nodes("Split", 2, {up_BTF}, {axis(-1)});
    const Value gate = onnx_.node("Mul", {parts[0], onnx_.node("Sigmoid", {parts[0]})});
    return onnx_.node("Mul", {gate, parts[1]});
  };
  return onnx_.linear(activated(), name + ".down");
}

Value EncoderGraph::block(int64_t index, const Value& x_BTD) {
  const std::string own = fmt::format("encoder.{}", index);
  const std::string body = onnx_.has(own + ".attention.qkv.weight") ? own : "encoder.shared";
  Value x = x_BTD;
  for (const std::string part : {"attention", "feed_forward"}) {
    const std::string norm_name = fmt::format("{}.{}_norm", own, part), name = body + "." + part;
    const Value given = shape_.norm_first ? norm(x, norm_name) : x;
    const Value made = part == "attention" ? attention(given, name) : feed_forward(given, name);
    x = onnx_.node("Add", {x, made});
    if (!shape_.norm_first) x = norm(x, norm_name);
  }
  return x;
}

Value EncoderGraph::encoded() {
  Value x = with_places(rows_.x_BTD);
  for (int64_t i = 0; i < shape_.depth; ++i) x = block(i, x);
  return shape_.norm_first ? norm(x, "encoder.norm") : x;
}

Value mean_of_valid(OnnxBuilder& onnx, const Value& x_BTD, const Value& valid_BT) {
  const Value axes = onnx.integers({1});
  const Value ones_BT = onnx.node("Cast", {valid_BT}, {{"to", onnx_type(at::kFloat)}});
  const Value ones_BT1 = onnx.node("Unsqueeze", {ones_BT, onnx.integers({2})});
  const OnnxAttribute drop = {"keepdims", int64_t{0}};
  const Value sum_BD = onnx.node("ReduceSum", {onnx.node("Mul", {x_BTD, ones_BT1}), axes}, {drop});
  return onnx.node("Div", {sum_BD, onnx.node("ReduceSum", {ones_BT1, axes}, {drop})});
}

Value answer(OnnxBuilder& onnx, const TransformerShape& shape, Pooling pooling,
             const PaddedRows& rows) {
  const Value x_BTD = EncoderGraph(onnx, shape, rows).encoded();
  Value pooled_BD;
  if (pooling == Pooling::first)
    pooled_BD = onnx.node("Gather", {x_BTD, onnx.integer(0)}, {axis(1)});
  else if (rows.valid_BT.empty())
    pooled_BD = onnx.node("ReduceMean", {x_BTD},
                          {{"axes", std::vector<int64_t>{1}}, {"keepdims", int64_t{0}}});
  else
    pooled_BD = mean_of_valid(onnx, x_BTD, rows.valid_BT);
  return onnx.linear(pooled_BD, "head");
}

}  // namespace

std::string onnx_text_classifier(OnnxBuilder& onnx, const TransformerShape& shape, Pooling pooling,
                                 const std::string& tokens_BT) {
  const Value zero = onnx.integer(0);
  const Value valid_BT = onnx.node("GreaterOrEqual", {tokens_BT, zero});
  const Value ids_BT = onnx.node("Where", {valid_BT, tokens_BT, zero});
  const Value length_1 =
      onnx.node("Shape", {tokens_BT}, {{"start", int64_t{1}}, {"end", int64_t{2}}});
  return answer(onnx, shape, pooling,
                {onnx.node("Gather", {onnx.value("embeddings.tokens"), ids_BT}), shape.longest,
                 length_1, valid_BT});
}

// The projection of patches is a convolution that steps from patch to patch.
std::string onnx_image_classifier(OnnxBuilder& onnx, const TransformerShape& shape, Pooling pooling,
                                  const Shape& image, int64_t patch, const std::string& x_BCHW) {
  int64_t tokens = image[1] / patch * (image[2] / patch);
  const Value filters = onnx.constant(
      "embeddings.patches.filters",
      onnx.tensor("embeddings.patches.weight").t().reshape({shape.width, image[0], patch, patch}));
  const std::vector<int64_t> side = {patch, patch};
  const Value x_BDHW = onnx.node("Conv", {x_BCHW, filters, onnx.value("embeddings.patches.bias")},
                                 {{"kernel_shape", side}, {"strides", side}});
  const Value x_BDT = onnx.node("Reshape", {x_BDHW, onnx.integers({0, shape.width, tokens})});
  Value x_BTD = onnx.transpose(x_BDT, {0, 2, 1});
  if (onnx.has("embeddings.class")) {
    const Value images_1 =
        onnx.node("Shape", {x_BCHW}, {{"start", int64_t{0}}, {"end", int64_t{1}}});
    const Value shape_3 =
        onnx.node("Concat", {images_1, onnx.integers({1, shape.width})}, {axis(0)});
    const Value class_B1D = onnx.node("Expand", {onnx.value("embeddings.class"), shape_3});
    x_BTD = onnx.node("Concat", {class_B1D, x_BTD}, {axis(1)});
    ++tokens;
  }
  return answer(onnx, shape, pooling, {x_BTD, tokens});
}

}  // namespace moestro
