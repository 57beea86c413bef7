#include "moestro/measure/specialisation.h"

#include <algorithm>

#include <ATen/ATen.h>

#include "moestro/core/error.h"
#include "moestro/core/random.h"
#include "moestro/measure/entropy.h"

namespace moestro {
namespace {

constexpr int64_t kPermutations = 20;
constexpr double kUsedShare = 0.01;

Tensor on_cpu(const Tensor& labels_B, int64_t classes, const char* what) {
  const Tensor labels = labels_B.cpu();
  MOESTRO_CHECK(labels.dim() == 1 && labels.scalar_type() == at::kLong);
  if (labels.size(0) == 0)
    throw UserError("specialisation: the set is empty; expected at least one sample");
  const int64_t low = labels.min().item<int64_t>(), high = labels.max().item<int64_t>();
  if (low < 0 || high >= classes)
    throw UserError("specialisation: {} class {}; expected 0 to {}", what, low < 0 ? low : high,
                    classes - 1);
  return labels;
}

Tensor counts(const Tensor& labels_B, const Tensor& experts_B, int64_t classes, int64_t experts) {
  MOESTRO_CHECK(labels_B.sizes() == experts_B.sizes(), "{} labels, {} decisions", labels_B.size(0),
                experts_B.size(0));
  return (labels_B * experts + experts_B).bincount({}, classes * experts).view({classes, experts});
}

}  // namespace

double mutual_information(const Tensor& counts_CE) {
  const Tensor table = counts_CE.cpu().to(at::kDouble);
  const double total = table.sum().item<double>();
  if (!(total > 0)) throw UserError("mutual information: no counts; expected at least one sample");
  const Tensor joint = table / total;
  const Tensor bits =
      entropy_bits(joint.sum(0)) + entropy_bits(joint.sum(1)) - entropy_bits(joint.flatten());
  return std::max(0.0, bits.item<double>());  // rounding may go below
}

Specialisation specialisation(const Tensor& probs_BE, const Tensor& labels_B,
                              const Tensor& predicted_B, int64_t classes, uint64_t seed) {
  const Tensor probs = probs_BE.detach().cpu().to(at::kDouble);
  const int64_t experts = probs.size(1);
  const Tensor labels = on_cpu(labels_B, classes, "label");
  const Tensor predicted = on_cpu(predicted_B, classes, "predicted");
  const Tensor owner_B = probs.argmax(1);
  const auto information = [&](const Tensor& of_B) {
    return mutual_information(counts(of_B, owner_B, classes, experts));
  };

  Specialisation result;
  result.mutual_information = information(labels);
  result.mutual_information_predicted = information(predicted);
  for (int64_t i = 0; i < kPermutations; ++i) {
    const RandomKey key{seed, Stream::order, "permutation baseline", static_cast<uint64_t>(i)};
    result.permutation_baseline +=
        information(labels.index_select(0, permutation(key, labels.size(0)))) / kPermutations;
  }
  result.sample_entropy = entropy_bits(probs).mean().item<double>();
  result.usage_entropy = entropy_bits(probs.mean(0)).item<double>();
  const Tensor share_E = owner_B.bincount({}, experts).to(at::kDouble) / labels.size(0);
  result.experts_used = (share_E >= kUsedShare).sum().item<int64_t>();
  return result;
}

Tensor class_by_expert(const Tensor& probs_BE, const Tensor& labels_B, int64_t classes) {
  return counts(on_cpu(labels_B, classes, "label"), probs_BE.cpu().argmax(1), classes,
                probs_BE.size(1));
}

}  // namespace moestro
