#include "moestro/nn/mixing.h"

#include <limits>

#include <ATen/ATen.h>

#include "kernels/mix_probabilities.h"
#include "moestro/core/error.h"

namespace moestro {
namespace {

// log sum_k w_k softmax(o_k), [N, C].
Tensor mixed_log_probabilities(const Tensor& out_NKC, const Tensor& weights_NK) {
  const auto fits = [](const Tensor& x) { return x.is_cpu() && x.scalar_type() == at::kFloat; };
  if (fits(out_NKC) && fits(weights_NK)) return mix_probabilities(out_NKC, weights_NK);
  const at::ScalarType type = at::promote_types(out_NKC.scalar_type(), at::kFloat);
  const Tensor log_weights_NK1 = log_weights(weights_NK.to(type)).unsqueeze(-1);
  return at::logsumexp(at::log_softmax(out_NKC, -1, type) + log_weights_NK1, 1);
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
  if (kind == OutputKind::probabilities) return mixed_log_probabilities(out_NKC, weights_NK);
  const at::ScalarType type = at::promote_types(out_NKC.scalar_type(), at::kFloat);
  return (out_NKC.to(type) * weights_NK.to(type).unsqueeze(-1)).sum(1);
}

Tensor chosen_outputs(const Tensor& out_ENC, const Tensor& experts_NK) {
  const Tensor out_NEC = out_ENC.transpose(0, 1);
  if (experts_NK.size(1) == out_NEC.size(1)) return out_NEC;
  return out_NEC.gather(1, experts_NK.unsqueeze(2).expand({-1, -1, out_NEC.size(2)}));
}

std::string describe_mixing(OutputKind kind) {
  if (kind != OutputKind::probabilities) return "weighted sum of " + output_name(kind);
  return fmt::format("likelihood and its gradient in one pass each, {}, on the CPU in float32",
                     path_name(best_vector_path()));
}

Tensor log_weights(const Tensor& weights) {
  const Tensor zero = weights == 0;
  return weights.masked_fill(zero, 1).log().masked_fill(zero,
                                                        -std::numeric_limits<double>::infinity());
}

}  // namespace moestro
