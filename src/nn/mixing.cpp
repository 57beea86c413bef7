#include "moestro/nn/mixing.h"

#include <limits>

#include <ATen/ATen.h>

#include "moestro/core/error.h"

namespace moestro {
namespace {

// log sum_k w_k softmax(o_k), [N, C].
Tensor mixed_log_probabilities(const Tensor& out_NKC, const Tensor& log_weights_NK,
                               at::ScalarType type) {
  // Measured: a softmax along rows shorter than a vector register takes 12 times as long as one
  // along another dimension.
  constexpr int64_t few_classes = 16;
  if (out_NKC.is_cpu() && out_NKC.size(2) < few_classes) {
    const Tensor out_KCN = out_NKC.permute({1, 2, 0}).contiguous();
    const Tensor log_weights_K1N = log_weights_NK.t().unsqueeze(1);
    return at::logsumexp(at::log_softmax(out_KCN, 1, type) + log_weights_K1N, 0).t().contiguous();
  }
  return at::logsumexp(at::log_softmax(out_NKC, -1, type) + log_weights_NK.unsqueeze(-1), 1);
}

}  // namespace

OutputKind output_kind(const std::string& name) {
  for (const OutputKind kind : {OutputKind::probabilities, OutputKind::logits, OutputKind::values})
    if (output_name(kind) == name) return kind;
  throw UserError("mixture.output = \"{}\"; expected one of probabilities, logits, values", name);
}

std::string output_name(OutputKind kind) {
  switch (kind) {
    case OutputKind::probabilities:
      return "probabilities";
    case OutputKind::logits:
      return "logits";
    case OutputKind::values:
      return "values";
  }
  MOESTRO_CHECK(false, "output kind {}", static_cast<int>(kind));
  return {};
}

Tensor mix(const Tensor& out_NKC, const Tensor& weights_NK, OutputKind kind) {
  MOESTRO_CHECK(out_NKC.dim() == 3 && weights_NK.dim() == 2 &&
                    out_NKC.size(0) == weights_NK.size(0) && out_NKC.size(1) == weights_NK.size(1),
                "{} experts' outputs, {} weights", out_NKC.size(1), weights_NK.size(1));
  const at::ScalarType type = at::promote_types(out_NKC.scalar_type(), at::kFloat);
  if (kind == OutputKind::probabilities)
    return mixed_log_probabilities(out_NKC, log_weights(weights_NK.to(type)), type);
  return (out_NKC.to(type) * weights_NK.to(type).unsqueeze(-1)).sum(1);
}

Tensor log_weights(const Tensor& weights) {
  const Tensor zero = weights == 0;
  return weights.masked_fill(zero, 1).log().masked_fill(zero,
                                                        -std::numeric_limits<double>::infinity());
}

}  // namespace moestro
