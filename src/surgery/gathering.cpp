#include "moestro/surgery/gathering.h"

#include <ATen/ATen.h>

#include "moestro/core/error.h"
#include "moestro/surgery/unit_gathering.h"
#include "some_experts.h"

namespace moestro {
namespace {

std::vector<int64_t> widths(const std::vector<HiddenLayer>& layers) {
  std::vector<int64_t> units;
  for (const HiddenLayer& layer : layers) units.push_back(layer.axis.units);
  return units;
}

void check_widths(const std::vector<HiddenLayer>& layers, const std::vector<HiddenLayer>& student,
                  int64_t times, const char* what) {
  if (layers.size() != student.size())
    throw UserError("a student of {} hidden layers for experts of {}; expected as many",
                    student.size(), layers.size());
  for (size_t l = 0; l < layers.size(); ++l)
    if (student[l].axis.units != times * layers[l].axis.units)
      throw UserError("hidden layer {} of the student is {} wide; {} takes {}", l,
                      student[l].axis.units, what, times * layers[l].axis.units);
}

KeptUnits kept_units(const UnitChoice& choice, const Tensor& strength_EU) {
  const int64_t experts = strength_EU.size(0);
  KeptUnits kept{std::vector<int64_t>(experts, 0), std::vector<double>(experts, 0)};
  const Tensor squares_EU = strength_EU.square();
  for (size_t u = 0; u < choice.unit_U.size(); ++u) {
    const int64_t e = choice.expert_U[u];
    ++kept.units_E[e];
    kept.strength_E[e] += squares_EU[e][choice.unit_U[u]].item<double>();
  }
  for (int64_t e = 0; e < experts; ++e) {
    const double all = squares_EU[e].sum().item<double>();
    if (all > 0) kept.strength_E[e] /= all;
  }
  return kept;
}

class Gatherer {
 public:
  Gatherer(const ExpertTensors& experts, const std::vector<HiddenLayer>& layers,
           const std::vector<HiddenLayer>& student, const GatherOptions& options)
      : experts_(experts), layers_(layers), student_(student), options_(options) {}

  Gathering units() {
    check_experts();
    if (layers_.size() != student_.size()) check_widths(layers_, student_, 1, "");
    if (layers_.empty()) return without_units();
    const std::vector<Tensor> strength =
        unit_strengths(experts_, layers_, options_.ranking, options_.activation_EU);
    const std::vector<UnitChoice> choice = chosen(strength);
    const double output =
        options_.kind == GatherKind::concat ? 1 / static_cast<double>(options_.experts.size()) : 1;
    Gathering gathering;
    gathering.tensors = gather_units(experts_, layers_, student_, choice, output);
    for (size_t l = 0; l < choice.size(); ++l)
      gathering.units.push_back(kept_units(choice[l], strength[l]));
    return gathering;
  }

  Gathering tensors() {
    check_widths(layers_, student_, 1, "adding tensors");
    Gathering gathering;
    const auto fold = [&](const ExpertTensors& experts) {
      if (options_.kind == GatherKind::sum) gathering.tensors = summed(experts);
      if (options_.kind == GatherKind::average) gathering.tensors = averaged(experts);
      if (options_.kind != GatherKind::svd) return;
      SingularGathering svd = singular_gathering(experts, options_.singular);
      gathering.tensors = std::move(svd.tensors);
      gathering.matrices = std::move(svd.kept);
    };
    if (options_.align) {
      gathering.alignment = align(experts_, layers_);
      fold(aligned(experts_, layers_, *gathering.alignment));
    } else {
      fold(experts_);
    }
    return gathering;
  }

 private:
  bool named() const {
    return options_.kind == GatherKind::concat || options_.kind == GatherKind::one;
  }

  // Side by side, experts without hidden layers have one answer, the mean of theirs.
  Gathering without_units() const {
    if (!named())
      throw UserError(
          "topk: the experts have no hidden layer, hence no units to choose; expected another way "
          "to gather them, such as average");
    std::vector<int64_t> which = options_.experts;
    if (options_.kind == GatherKind::one) which.resize(1);
    Gathering gathering;
    gathering.tensors = averaged(some_experts(experts_, which));
    return gathering;
  }

  void check_experts() const {
    if (named() && options_.experts.empty()) throw UserError("no expert to gather; expected one");
    for (const int64_t e : options_.experts)
      if (named() && (e < 0 || e >= experts_.experts()))
        throw UserError("expert {}; expected 0 to {}", e, experts_.experts() - 1);
  }

  // Chosen among some of the experts only.
  std::vector<UnitChoice> strongest_of(const std::vector<int64_t>& experts,
                                       const std::vector<Tensor>& strength) const {
    std::vector<Tensor> theirs;
    for (const Tensor& strength_EU : strength)
      theirs.push_back(strength_EU.index_select(0, at::tensor(experts, at::kLong)));
    std::vector<UnitChoice> choice = strongest_units(theirs, widths(student_));
    for (UnitChoice& layer : choice)
      for (int64_t& expert : layer.expert_U) expert = experts[static_cast<size_t>(expert)];
    return choice;
  }

  std::vector<UnitChoice> chosen(const std::vector<Tensor>& strength) const {
    const std::vector<int64_t>& experts = options_.experts;
    if (options_.kind == GatherKind::topk)
      return strongest_of(every_expert(experts_.experts()), strength);
    if (options_.kind == GatherKind::one) {
      check_widths(layers_, student_, 1, "one expert");
      return whole_experts(layers_, {experts.front()});
    }
    const auto times = static_cast<int64_t>(experts.size());
    bool whole = true;
    for (size_t l = 0; l < layers_.size(); ++l)
      whole = whole && student_[l].axis.units == times * layers_[l].axis.units;
    return whole ? whole_experts(layers_, experts) : strongest_of(experts, strength);
  }

  const ExpertTensors& experts_;
  const std::vector<HiddenLayer>& layers_;
  const std::vector<HiddenLayer>& student_;
  const GatherOptions& options_;
};

}  // namespace

Gathering gather(const ExpertTensors& experts, const std::vector<HiddenLayer>& layers,
                 const std::vector<HiddenLayer>& student, const GatherOptions& options) {
  Gatherer gatherer(experts, layers, student, options);
  const bool adds = options.kind == GatherKind::sum || options.kind == GatherKind::average ||
                    options.kind == GatherKind::svd;
  return adds ? gatherer.tensors() : gatherer.units();
}

}  // namespace moestro
