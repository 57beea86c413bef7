#include "attention.h"

#include <algorithm>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "moestro/core/error.h"
#include "moestro/nn/positions.h"
#include "moestro/nn/transformer.h"

namespace moestro {
namespace {

// [N, parts * D] -> [N, parts, H, d]
Tensor heads_of(const Tensor& x_NP, int64_t parts, int64_t heads) {
  return x_NP.view({x_NP.size(0), parts, heads, x_NP.size(1) / parts / heads});
}

// [N, parts, H, d] -> parts of [B, H, T, d], views of padded rows.
std::vector<Tensor> padded(const Tensor& x_NPHd, const Packing& rows) {
  return rows.pad(x_NPHd).permute({2, 0, 3, 1, 4}).unbind(0);
}

// [B, H, T, d] -> [B, T, D]
Tensor joined(const Tensor& x_BHTd) {
  return x_BHTd.transpose(1, 2).flatten(2);
}

// More sentences than a CUDA grid has places for its blocks along a side are refused by the
// kernels.
constexpr int64_t kMostSentences = 65535;

// Causal needs no mask of its own: what is padded stands behind every token.
Tensor attend(const Tensor& query_BHTd, const KeysValues& seen, bool causal) {
  std::optional<Tensor> mask;
  if (seen.valid_BT.defined() && !causal) mask = seen.valid_BT.unsqueeze(1).unsqueeze(1);
  const int64_t sentences = query_BHTd.size(0);
  if (!query_BHTd.is_cuda() || sentences <= kMostSentences)
    return at::scaled_dot_product_attention(query_BHTd, seen.keys_BHTd, seen.values_BHTd, mask,
                                            /*dropout_p=*/0, causal);
  std::vector<Tensor> parts;
  for (int64_t begin = 0; begin < sentences; begin += kMostSentences) {
    const int64_t count = std::min(kMostSentences, sentences - begin);
    const auto part = [&](const Tensor& x) { return x.narrow(0, begin, count); };
    parts.push_back(at::scaled_dot_product_attention(
        part(query_BHTd), part(seen.keys_BHTd), part(seen.values_BHTd),
        mask ? std::optional(part(*mask)) : mask, /*dropout_p=*/0, causal));
  }
  return at::cat(parts);
}

// For GPUs LibTorch has a kernel that needs no padding.
bool fits_packed(const Tensor& query_NPHd, const Packing& rows, const Packing& seen) {
  constexpr int64_t kAligned = 8;
  return query_NPHd.is_cuda() && query_NPHd.scalar_type() != at::kDouble &&
         query_NPHd.size(3) % kAligned == 0 && !(rows.full() && seen.full());
}

// Queries [N, H, d] of rows, keys and values [M, H, d] of those seen -> [N, D].
Tensor attend_packed(const Tensor& query_NHd, const Tensor& key_MHd, const Tensor& value_MHd,
                     const Packing& rows, const Packing& seen, bool causal) {
  constexpr int64_t kNoMask = 0, kCausal = 1;  // sdp::CustomMaskType
  const auto out = at::_efficient_attention_forward(
      query_NHd.unsqueeze(0), key_MHd.unsqueeze(0), value_MHd.unsqueeze(0), /*bias=*/{},
      rows.begins_B1(), seen.begins_B1(), rows.longest(), seen.longest(), /*dropout_p=*/0,
      causal ? kCausal : kNoMask, /*compute_log_sumexp=*/at::GradMode::is_enabled());
  return std::get<0>(out).view({query_NHd.size(0), -1});
}

// Of projections of every row, and of pairs of a query and a key, all heads together.
Cost attention_cost(const std::vector<Parameter>& projections, int64_t rows, int64_t pairs) {
  const int64_t width = projections.front().value.size(1);
  Cost cost = cost_of_products(projections, static_cast<double>(rows));
  cost.operations += 2 * 2 * static_cast<double>(pairs * width);  // q k^T and its product with v
  return cost;
}

// One token a sentence, [B, H, d] -> [B, D].
Tensor attend_once(const Tensor& query_BHd, const KeysValues& seen) {
  return attend(query_BHd.unsqueeze(2), seen, /*causal=*/false).flatten(1);
}

}  // namespace

SelfAttention::SelfAttention(const TransformerShape& shape, const LayerSetting& setting)
    : heads_(shape.heads),
      rotary_(shape.positions == PositionKind::rotary),
      qkv_(part_of(setting, "qkv"), shape.width, 3 * shape.width, shape.bias),
      out_(part_of(setting, "out"), shape.width, shape.width, shape.bias) {}

Tensor SelfAttention::forward(const Tensor& x_ND, const Packing& rows, bool causal) const {
  Tensor qkv_N3Hd = heads_of(qkv_(x_ND), 3, heads_);
  if (rotary_) {
    const Tensor turns_Td = rotary_turns(0, rows.longest(), qkv_N3Hd.size(3), qkv_N3Hd.options());
    const Tensor turns_N11d =
        turns_Td.index_select(0, rows.positions_N()).unsqueeze(1).unsqueeze(1);
    qkv_N3Hd =
        at::cat({rotated(qkv_N3Hd.narrow(1, 0, 2), turns_N11d), qkv_N3Hd.narrow(1, 2, 1)}, 1);
  }
  if (fits_packed(qkv_N3Hd, rows, rows)) {
    const std::vector<Tensor> parts = qkv_N3Hd.unbind(1);
    return out_(attend_packed(parts[0], parts[1], parts[2], rows, rows, causal));
  }
  const std::vector<Tensor> parts = padded(qkv_N3Hd, rows);
  return out_(rows.pack(joined(attend(parts[0], {parts[1], parts[2], rows.valid_BT()}, causal))));
}

Tensor SelfAttention::step(const Tensor& x_BD, KeysValues& past) const {
  MOESTRO_CHECK(!past.valid_BT.defined(), "sentences of one length only");
  std::vector<Tensor> qkv = heads_of(qkv_(x_BD), 3, heads_).unbind(1);
  const bool begun = past.keys_BHTd.defined();
  if (rotary_) {
    const int64_t place = begun ? past.keys_BHTd.size(2) : 0;
    const Tensor turns_1d = rotary_turns(place, 1, qkv[0].size(2), x_BD.options());
    for (int part : {0, 1}) qkv[part] = rotated(qkv[part], turns_1d);
  }
  const Tensor key_BH1d = qkv[1].unsqueeze(2), value_BH1d = qkv[2].unsqueeze(2);
  past.keys_BHTd = begun ? at::cat({past.keys_BHTd, key_BH1d}, 2) : key_BH1d;
  past.values_BHTd = begun ? at::cat({past.values_BHTd, value_BH1d}, 2) : value_BH1d;
  return out_(attend_once(qkv[0], past));
}

std::vector<Parameter> SelfAttention::parameters() const {
  std::vector<Parameter> all = qkv_.parameters();
  append(all, out_.parameters());
  return all;
}

Cost SelfAttention::cost(int64_t sentences, int64_t tokens, bool causal) const {
  const int64_t pairs = causal ? tokens * (tokens + 1) / 2 : tokens * tokens;
  return attention_cost(parameters(), sentences * tokens, sentences * pairs);
}

CrossAttention::CrossAttention(const TransformerShape& shape, const LayerSetting& setting)
    : heads_(shape.heads),
      query_(part_of(setting, "query"), shape.width, shape.width, shape.bias),
      key_value_(part_of(setting, "key_value"), shape.width, 2 * shape.width, shape.bias),
      out_(part_of(setting, "out"), shape.width, shape.width, shape.bias) {}

Tensor CrossAttention::forward(const Tensor& x_ND, const Packing& rows,
                               const Memory& memory) const {
  const Tensor query_N1Hd = heads_of(query_(x_ND), 1, heads_);
  if (fits_packed(query_N1Hd, rows, memory.rows)) {
    const std::vector<Tensor> seen = heads_of(key_value_(memory.x_MD), 2, heads_).unbind(1);
    return out_(attend_packed(query_N1Hd.squeeze(1), seen[0], seen[1], rows, memory.rows,
                              /*causal=*/false));
  }
  const Tensor query_BHTd = rows.pad(query_N1Hd.squeeze(1)).transpose(1, 2);
  return out_(rows.pack(joined(attend(query_BHTd, keys_values(memory), /*causal=*/false))));
}

KeysValues CrossAttention::keys_values(const Memory& memory) const {
  const std::vector<Tensor> parts =
      padded(heads_of(key_value_(memory.x_MD), 2, heads_), memory.rows);
  return {parts[0], parts[1], memory.rows.valid_BT()};
}

Tensor CrossAttention::step(const Tensor& x_BD, const KeysValues& memory) const {
  return out_(attend_once(heads_of(query_(x_BD), 1, heads_).squeeze(1), memory));
}

Cost CrossAttention::cost(int64_t sentences, int64_t tokens) const {
  return attention_cost(parameters(), sentences * tokens, sentences * tokens * tokens);
}

std::vector<Parameter> CrossAttention::parameters() const {
  std::vector<Parameter> all = query_.parameters();
  append(all, key_value_.parameters());
  append(all, out_.parameters());
  return all;
}

}  // namespace moestro
