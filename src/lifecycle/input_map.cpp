#include "moestro/lifecycle/input_map.h"

#include <cmath>

#include <ATen/Functions.h>
#include <nlohmann/json.hpp>

#include "moestro/measure/principal_components.h"

namespace moestro {
namespace {

constexpr int64_t kMostPoints = 2000;

// To the decimal place in which a thousandth of the largest value begins.
std::vector<double> rounded(const Tensor& values_M, double largest) {
  const int decimals = 3 - static_cast<int>(std::floor(std::log10(largest)));
  const double fine = std::pow(10., std::max(0, decimals)),
               coarse = std::pow(10., std::max(0, -decimals));
  const Tensor plain = values_M.contiguous();
  std::vector<double> out;
  for (int64_t i = 0; i < plain.numel(); ++i) {
    const double value = std::round(plain.data_ptr<double>()[i] * fine / coarse) * coarse / fine;
    out.push_back(value == 0 ? 0 : value);  // no -0
  }
  return out;
}

}  // namespace

std::optional<InputMap> input_map(const Dataset& data, const Normaliser& normaliser,
                                  const Tensor& owner_N) {
  const int64_t rows = data.rows(), points = std::min(rows, kMostPoints);
  if (rows < 3 || data.inputs.numel() / rows < 2) return {};
  const Tensor at_M = at::arange(points, at::kLong).mul_(rows).floor_divide_(points);
  const PrincipalComponents found =
      principal_components(normaliser.apply(data.inputs.index_select(0, at_M)), 2);
  const double largest = found.scores_NP.abs().max().item<double>();
  const auto share_x = found.share_P[0].item<double>(), share_y = found.share_P[1].item<double>();
  if (!(share_x > 0) || !std::isfinite(largest)) return {};
  const Tensor expert_M = owner_N.index_select(0, at_M).contiguous();
  const auto* expert = expert_M.data_ptr<int64_t>();
  return InputMap{rounded(found.scores_NP.select(1, 0), largest),
                  rounded(found.scores_NP.select(1, 1), largest),
                  {expert, expert + points},
                  share_x,
                  share_y};
}

nlohmann::ordered_json InputMap::to_json() const {
  return {{"explained", {share_x, share_y}}, {"x", x}, {"y", y}, {"expert", expert}};
}

}  // namespace moestro
