#include "moestro/surgery/tensor_gathering.h"

#include <algorithm>

#include <ATen/ATen.h>

#include "moestro/core/error.h"
#include "unit_rows.h"

namespace moestro {
namespace {

Tensor added(const ExpertTensors& experts, const std::string& name, double factor) {
  const Tensor first = experts.at(name, 0).detach().cpu();
  Tensor sum = first.to(at::kDouble);
  for (int64_t e = 1; e < experts.experts(); ++e)
    sum = sum + experts.at(name, e).detach().cpu().to(at::kDouble);
  return (sum * factor).to(first.scalar_type());
}

NamedTensors added(const ExpertTensors& experts, double factor) {
  NamedTensors tensors;
  for (const std::string& name : experts.names())
    tensors.emplace_back(name, added(experts, name, factor));
  return tensors;
}

double share(const ExpertTensors& experts) {
  return 1 / static_cast<double>(experts.experts());
}

// How many leading values hold the share of the energy.
int64_t rank_for(const Tensor& values_R, double energy) {
  const Tensor shares_R = values_R.square().cumsum(0) / values_R.square().sum();
  return std::min((shares_R < energy).sum().item<int64_t>() + 1, values_R.size(0));
}

void check(const SingularOptions& options) {
  if (options.rank < 0) throw UserError("rank {}; expected at least 0", options.rank);
  if (!(options.energy >= 0 && options.energy <= 1))
    throw UserError("energy {}; expected 0 to 1", options.energy);
}

class Truncation {
 public:
  Truncation(const std::string& tensor, int64_t experts, const SingularOptions& options)
      : options_(options), experts_(experts), kept_{tensor, {}, {}} {}

  void add(const Tensor& matrix) {
    const auto [u, values_R, vh] = at::linalg_svd(matrix, /*full_matrices=*/false);
    const int64_t rank = rank_of(values_R, matrix);
    const Tensor leading_R = values_R.narrow(0, 0, rank);
    const double all = values_R.square().sum().item<double>();
    kept_.rank_E.push_back(rank);
    kept_.energy_E.push_back(all > 0 ? leading_R.square().sum().item<double>() / all : 1);
    const Tensor part = (u.narrow(1, 0, rank) * leading_R).matmul(vh.narrow(0, 0, rank));
    sum_ = sum_.defined() ? sum_ + part : part;
  }

  Tensor result() const { return options_.mean ? sum_ / static_cast<double>(experts_) : sum_; }
  const KeptSingular& kept() const { return kept_; }

 private:
  int64_t rank_of(const Tensor& values_R, const Tensor& matrix) const {
    if (options_.energy > 0) return rank_for(values_R, options_.energy);
    const int64_t most = values_R.size(0);
    if (options_.rank > most)
      throw UserError("rank {} of \"{}\", which is {}; expected at most {}", options_.rank,
                      kept_.tensor, shape_text(matrix.sizes().vec()), most);
    return options_.rank > 0 ? options_.rank : std::max<int64_t>(most / experts_, 1);
  }

  const SingularOptions& options_;
  int64_t experts_;
  KeptSingular kept_;
  Tensor sum_;
};

}  // namespace

NamedTensors summed(const ExpertTensors& experts) {
  return added(experts, 1);
}

NamedTensors averaged(const ExpertTensors& experts) {
  return added(experts, share(experts));
}

SingularGathering singular_gathering(const ExpertTensors& experts, const SingularOptions& options) {
  check(options);
  SingularGathering gathering;
  for (const std::string& name : experts.names()) {
    const Shape& shape = experts.shape(name);
    if (shape.size() < 2) {
      gathering.tensors.emplace_back(name, added(experts, name, share(experts)));
      continue;
    }
    Truncation truncation(name, experts.experts(), options);
    for (int64_t e = 0; e < experts.experts(); ++e)
      truncation.add(finite_values(experts, name, e, at::kDouble).flatten(1));
    const at::ScalarType type = experts.at(name, 0).scalar_type();
    gathering.tensors.emplace_back(name, truncation.result().view(shape).to(type));
    gathering.kept.push_back(truncation.kept());
  }
  return gathering;
}

}  // namespace moestro
