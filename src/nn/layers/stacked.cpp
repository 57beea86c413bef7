#include "stacked.h"

#include <cmath>

#include <ATen/ATen.h>

#include "moestro/core/error.h"
#include "moestro/core/random.h"

namespace moestro {
namespace {

Shape stacked_shape(const LayerSetting& setting, const Shape& shape) {
  Shape stacked = {setting.experts};
  stacked.insert(stacked.end(), shape.begin(), shape.end());
  return stacked;
}

}  // namespace

Parameter draw_parameter(const LayerSetting& setting, const std::string& tensor, const Shape& shape,
                         double bound) {
  const std::string name = setting.name + "." + tensor;
  Tensor value = at::empty(stacked_shape(setting, shape));
  for (int64_t e = 0; e < setting.experts; ++e)
    value[e].copy_(uniform({setting.seed, Stream::init, name, static_cast<uint64_t>(e)}, shape,
                           -bound, bound));
  return {name, value.requires_grad_(), setting.frozen};
}

double xavier_bound(int64_t in, int64_t out) {
  return std::sqrt(6. / static_cast<double>(in + out));
}

Parameter constant_parameter(const LayerSetting& setting, const std::string& tensor,
                             const Shape& shape, double value) {
  return {setting.name + "." + tensor,
          at::full(stacked_shape(setting, shape), value, at::kFloat).requires_grad_(),
          setting.frozen};
}

std::vector<FrozenRun> frozen_runs(const FreezeMask* frozen, ExpertRange experts) {
  if (!frozen) return {{experts, false}};
  std::vector<FrozenRun> runs;
  for (int64_t e = experts.first; e < experts.first + experts.count; ++e) {
    if (runs.empty() || runs.back().frozen != frozen->at(e))
      runs.push_back({{e, 0}, frozen->at(e)});
    ++runs.back().experts.count;
  }
  return runs;
}

Tensor live(const Parameter& parameter, ExpertRange experts, at::ScalarType type) {
  const Tensor& value = parameter.value;
  const std::vector<FrozenRun> runs = frozen_runs(parameter.frozen.get(), experts);
  const auto slices = [&](const FrozenRun& run) {
    const bool whole = run.experts.count == value.size(0);
    const Tensor part = whole ? value : value.narrow(0, run.experts.first, run.experts.count);
    return (run.frozen ? part.detach() : part).to(type);
  };
  if (runs.size() == 1) return slices(runs.front());
  std::vector<Tensor> parts;
  for (const FrozenRun& run : runs) parts.push_back(slices(run));
  return at::cat(parts);
}

Tensor live_one(const Parameter& parameter, int64_t expert, at::ScalarType type) {
  const Tensor& value = parameter.value;
  const Tensor part = value.size(0) == 1 ? value.squeeze(0) : value.select(0, expert);
  const bool frozen = parameter.frozen && parameter.frozen->at(expert);
  return (frozen ? part.detach() : part).to(type);
}

Activations spread(const Activations& x, int64_t experts) {
  if (x.experts == experts) return x;
  MOESTRO_CHECK(x.experts == 1, "{} experts arrive where {} are", x.experts, experts);
  return {x.images ? x.value.repeat({1, experts, 1, 1}) : x.value.expand({experts, -1, -1}),
          experts, x.images};
}

Activations flattened(const Activations& x) {
  if (!x.images) return x;
  const int64_t rows = x.value.size(0);
  const int64_t width = x.value.size(1) / x.experts * x.value.size(2) * x.value.size(3);
  const Tensor value_END = x.value.reshape({rows, x.experts, width}).transpose(0, 1).contiguous();
  return {value_END, x.experts, false};
}

}  // namespace moestro
