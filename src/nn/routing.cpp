#include "moestro/nn/routing.h"

#include <ATen/ATen.h>

#include "moestro/core/error.h"

namespace moestro {
namespace {

Tensor all_experts(const Tensor& like_BE) {
  return at::arange(like_BE.size(1), like_BE.options().dtype(at::kLong).requires_grad(false))
      .expand(like_BE.sizes());
}

}  // namespace

Routing dense_routing(const Tensor& scores_BE, const Tensor& probs_BE) {
  return {scores_BE, probs_BE, all_experts(probs_BE), probs_BE};
}

Routing forced_routing(const Tensor& experts_BK, int64_t experts) {
  MOESTRO_CHECK(experts_BK.dim() == 2 && experts_BK.scalar_type() == at::kLong);
  const int64_t k = experts_BK.size(1);
  // In order of index, so that K == E gives column i to expert i.
  const Tensor sorted_BK = std::get<0>(experts_BK.sort(1));
  if (experts_BK.numel() > 0) {
    const int64_t low = sorted_BK.min().item<int64_t>(), high = sorted_BK.max().item<int64_t>();
    if (low < 0 || high >= experts)
      throw UserError("forced routing: expert {}; expected 0 to {}", low < 0 ? low : high,
                      experts - 1);
    if (k > 1 && (sorted_BK.diff(1, 1) == 0).any().item<bool>())
      throw UserError("forced routing: an expert stands twice in a row; expected {} different ones",
                      k);
  }
  const Tensor weights_BK = at::full(sorted_BK.sizes(), 1.0 / static_cast<double>(k),
                                     sorted_BK.options().dtype(at::kFloat));
  const Tensor probs_BE = at::zeros({sorted_BK.size(0), experts}, weights_BK.options())
                              .scatter(1, sorted_BK, weights_BK);
  return {probs_BE, probs_BE, sorted_BK, weights_BK};
}

Routing top_one(const Routing& routing) {
  const Tensor experts_B1 = top_experts(routing.probs_BE, 1);
  return {routing.scores_BE, routing.probs_BE, experts_B1,
          at::ones(experts_B1.sizes(), routing.probs_BE.options().requires_grad(false))};
}

// Not at::topk, which leaves open what happens to equal scores.
Tensor top_experts(const Tensor& scores_BE, int64_t k) {
  const int64_t experts = scores_BE.size(1);
  MOESTRO_CHECK(1 <= k && k <= experts, "k = {}, E = {}", k, experts);
  if (k == experts) return all_experts(scores_BE);
  if (k == 1) return scores_BE.argmax(1, /*keepdim=*/true);
  return std::get<1>(at::sort(scores_BE.detach(), /*stable=*/true, 1, /*descending=*/true))
      .narrow(1, 0, k);
}

Tensor weights_by_expert(const Routing& routing) {
  if (routing.dense()) return routing.weights_BK;
  return at::zeros(routing.probs_BE.sizes(), routing.weights_BK.options().requires_grad(false))
      .scatter(1, routing.experts_BK, routing.weights_BK);
}

}  // namespace moestro
