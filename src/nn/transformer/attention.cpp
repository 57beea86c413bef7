#include "attention.h"

#include <ATen/ATen.h>

#include "moestro/core/error.h"
#include "positions.h"

namespace moestro {
namespace {

// [B, T, parts * D] -> parts of [B, H, T, d], views.
std::vector<Tensor> heads_of(const Tensor& x_BTP, int64_t parts, int64_t heads) {
  const int64_t head_width = x_BTP.size(2) / parts / heads;
  return x_BTP.view({x_BTP.size(0), x_BTP.size(1), parts, heads, head_width})
      .permute({2, 0, 3, 1, 4})
      .unbind(0);
}

// [B, H, T, d] -> [B, T, D]
Tensor joined(const Tensor& x_BHTd) {
  return x_BHTd.transpose(1, 2).flatten(2);
}

// Causal needs no mask of its own: what is padded stands behind every token.
Tensor attend(const Tensor& query_BHTd, const KeysValues& seen, bool causal) {
  std::optional<Tensor> mask;
  if (seen.valid_BT.defined() && !causal) mask = seen.valid_BT.unsqueeze(1).unsqueeze(1);
  return at::scaled_dot_product_attention(query_BHTd, seen.keys_BHTd, seen.values_BHTd, mask,
                                          /*dropout_p=*/0, causal);
}

}  // namespace

SelfAttention::SelfAttention(const TransformerShape& shape, const LayerSetting& setting)
    : heads_(shape.heads),
      rotary_(shape.positions == PositionKind::rotary),
      qkv_(part_of(setting, "qkv"), shape.width, 3 * shape.width, shape.bias),
      out_(part_of(setting, "out"), shape.width, shape.width, shape.bias) {}

Tensor SelfAttention::forward(const Tensor& x_ND, const Packing& rows, bool causal) const {
  std::vector<Tensor> qkv = heads_of(rows.pad(qkv_(x_ND)), 3, heads_);
  if (rotary_) {
    const Tensor angles = rotary_angles(0, rows.longest(), qkv[0].size(3), x_ND.device());
    for (int part : {0, 1}) qkv[part] = rotated(qkv[part], angles);
  }
  return out_(rows.pack(joined(attend(qkv[0], {qkv[1], qkv[2], rows.valid_BT()}, causal))));
}

Tensor SelfAttention::step(const Tensor& x_BD, KeysValues& past) const {
  MOESTRO_CHECK(!past.valid_BT.defined(), "sentences of one length only");
  std::vector<Tensor> qkv = heads_of(qkv_(x_BD).unsqueeze(1), 3, heads_);
  const bool begun = past.keys_BHTd.defined();
  if (rotary_) {
    const int64_t place = begun ? past.keys_BHTd.size(2) : 0;
    const Tensor angles = rotary_angles(place, 1, qkv[0].size(3), x_BD.device());
    for (int part : {0, 1}) qkv[part] = rotated(qkv[part], angles);
  }
  past.keys_BHTd = begun ? at::cat({past.keys_BHTd, qkv[1]}, 2) : qkv[1];
  past.values_BHTd = begun ? at::cat({past.values_BHTd, qkv[2]}, 2) : qkv[2];
  return out_(joined(attend(qkv[0], past, /*causal=*/false)).squeeze(1));
}

std::vector<Parameter> SelfAttention::parameters() const {
  std::vector<Parameter> all = qkv_.parameters();
  append(all, out_.parameters());
  return all;
}

CrossAttention::CrossAttention(const TransformerShape& shape, const LayerSetting& setting)
    : heads_(shape.heads),
      query_(part_of(setting, "query"), shape.width, shape.width, shape.bias),
      key_value_(part_of(setting, "key_value"), shape.width, 2 * shape.width, shape.bias),
      out_(part_of(setting, "out"), shape.width, shape.width, shape.bias) {}

KeysValues CrossAttention::keys_values(const Tensor& memory_ND, const Packing& rows) const {
  const std::vector<Tensor> parts = heads_of(rows.pad(key_value_(memory_ND)), 2, heads_);
  return {parts[0], parts[1], rows.valid_BT()};
}

Tensor CrossAttention::forward(const Tensor& x_ND, const Packing& rows,
                               const KeysValues& memory) const {
  const Tensor query_BHTd = heads_of(rows.pad(query_(x_ND)), 1, heads_)[0];
  return out_(rows.pack(joined(attend(query_BHTd, memory, /*causal=*/false))));
}

std::vector<Parameter> CrossAttention::parameters() const {
  std::vector<Parameter> all = query_.parameters();
  append(all, key_value_.parameters());
  append(all, out_.parameters());
  return all;
}

}  // namespace moestro
