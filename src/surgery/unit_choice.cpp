#include "moestro/surgery/unit_choice.h"

#include <algorithm>
#include <numeric>

#include <ATen/ATen.h>

#include "moestro/core/error.h"
#include "unit_rows.h"

namespace moestro {
namespace {

using Role = HiddenLayer::Role;

// The norm of all weights of one role, [U]; a bias or a scale is no weight.
Tensor norms(const ExpertTensors& experts, int64_t expert, const HiddenLayer& layer, Role role) {
  Tensor squares_U = at::zeros({layer.axis.units}, at::kDouble);
  for (size_t p = 0; p < layer.roles.size(); ++p) {
    const HiddenAxis::Part& part = layer.axis.parts[p];
    if (layer.roles[p] != role || experts.shape(part.tensor).size() < 2) continue;
    const Tensor value = finite_values(experts, part.tensor, expert, at::kDouble);
    squares_U += unit_rows(value, layer.axis, part).square().sum(1);
  }
  return squares_U.sqrt();
}

Tensor strengths(const ExpertTensors& experts, int64_t expert, const HiddenLayer& layer,
                 Ranking ranking) {
  const Tensor made_U = norms(experts, expert, layer, Role::makes);
  return ranking == Ranking::norm ? made_U : made_U * norms(experts, expert, layer, Role::reads);
}

// Units of each expert, the strongest first.
struct Ranked {
  explicit Ranked(const Tensor& strength_EU)
      : strength(strength_EU.contiguous()),
        order(strength.argsort(/*stable=*/true, 1, /*descending=*/true)) {}
  int64_t unit(int64_t expert, int64_t rank) const { return order[expert][rank].item<int64_t>(); }
  double value(int64_t expert, int64_t rank) const {
    return strength[expert][unit(expert, rank)].item<double>();
  }
  Tensor strength, order;
};

// How many units each expert keeps.
std::vector<int64_t> shares(const Ranked& ranked, int64_t width) {
  const int64_t experts = ranked.strength.size(0), units = ranked.strength.size(1);
  if (width < 1 || width > experts * units)
    throw UserError("a width of {}; expected 1 to {}, the {} units of each of {} experts", width,
                    experts * units, units, experts);
  const int64_t each = width / experts, most = std::min(units, each == 0 ? 2 : each + 1);
  std::vector<int64_t> kept(static_cast<size_t>(experts), each);
  for (int64_t left = width - each * experts; left > 0; --left) {
    int64_t best = -1;
    for (int64_t e = 0; e < experts; ++e) {
      if (kept[e] == most) continue;
      if (best < 0 || ranked.value(e, kept[e]) > ranked.value(best, kept[best])) best = e;
    }
    MOESTRO_CHECK(best >= 0);
    ++kept[best];
  }
  return kept;
}

}  // namespace

std::vector<int64_t> every_expert(int64_t experts) {
  std::vector<int64_t> all(static_cast<size_t>(experts));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

std::vector<int64_t> experts_of(const UnitChoice& choice) {
  std::vector<int64_t> experts = choice.expert_U;
  std::ranges::sort(experts);
  experts.erase(std::unique(experts.begin(), experts.end()), experts.end());
  return experts;
}

std::vector<Tensor> unit_strengths(const ExpertTensors& experts,
                                   const std::vector<HiddenLayer>& layers, Ranking ranking,
                                   const std::vector<Tensor>& activation_EU) {
  const bool activation = ranking == Ranking::activation;
  MOESTRO_CHECK(!activation || activation_EU.size() == layers.size());
  std::vector<Tensor> all;
  for (size_t l = 0; l < layers.size(); ++l) {
    std::vector<Tensor> rows;
    for (int64_t e = 0; e < experts.experts(); ++e)
      rows.push_back(strengths(experts, e, layers[l], ranking));
    all.push_back(at::stack(rows));
    if (!activation) continue;
    MOESTRO_CHECK(activation_EU[l].sizes() == all.back().sizes());
    all.back() *= activation_EU[l].cpu().to(at::kDouble);
  }
  return all;
}

UnitChoice strongest_units(const Tensor& strength_EU, int64_t width) {
  MOESTRO_CHECK(!at::isnan(strength_EU).any().item<bool>());
  const Ranked ranked(strength_EU);
  const std::vector<int64_t> kept = shares(ranked, width);
  UnitChoice choice;
  for (int64_t e = 0; e < strength_EU.size(0); ++e)
    for (int64_t rank = 0; rank < kept[e]; ++rank) {
      choice.expert_U.push_back(e);
      choice.unit_U.push_back(ranked.unit(e, rank));
    }
  return choice;
}

std::vector<UnitChoice> strongest_units(const std::vector<Tensor>& strength_EU,
                                        const std::vector<int64_t>& widths) {
  MOESTRO_CHECK(widths.size() == strength_EU.size());
  std::vector<UnitChoice> choices;
  for (size_t l = 0; l < strength_EU.size(); ++l) {
    const std::vector<int64_t> alive =
        l == 0 ? every_expert(strength_EU[l].size(0)) : experts_of(choices.back());
    UnitChoice choice =
        strongest_units(strength_EU[l].index_select(0, at::tensor(alive, at::kLong)), widths[l]);
    for (int64_t& expert : choice.expert_U) expert = alive[static_cast<size_t>(expert)];
    choices.push_back(std::move(choice));
  }
  return choices;
}

std::vector<UnitChoice> whole_experts(const std::vector<HiddenLayer>& layers,
                                      const std::vector<int64_t>& experts) {
  std::vector<UnitChoice> choices;
  for (const HiddenLayer& layer : layers) {
    UnitChoice& choice = choices.emplace_back();
    for (const int64_t e : experts)
      for (int64_t u = 0; u < layer.axis.units; ++u) {
        choice.expert_U.push_back(e);
        choice.unit_U.push_back(u);
      }
  }
  return choices;
}

}  // namespace moestro
