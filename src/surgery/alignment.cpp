#include "moestro/surgery/alignment.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>

#include <ATen/ATen.h>

#include "moestro/core/error.h"
#include "pair_units.h"
#include "unit_rows.h"

namespace moestro {
namespace {

constexpr int kSweeps = 20;

using Role = HiddenLayer::Role;
using Order = std::vector<Tensor>;  // of one expert: int64 [U], a hidden layer each

Tensor in_order(const Tensor& value, const HiddenAxis& axis, const HiddenAxis::Part& part,
                const Tensor& unit_U) {
  const Tensor to = axis.indices(part, every_unit(axis));
  const Tensor from = axis.indices(part, unit_U);
  return value.clone().index_copy_(part.dim, to, value.index_select(part.dim, from));
}

// One tensor of an expert with its units in that order, but for those of layer `but`.
Tensor in_order(Tensor value, const std::string& name, const std::vector<HiddenLayer>& layers,
                const Order& order, int64_t but = -1) {
  const TensorPlace place = place_of(name, layers);
  if (place.own >= 0 && place.own != but)
    for (const HiddenAxis::Part& part : place.own_parts)
      value = in_order(value, layers[place.own].axis, part, order[place.own]);
  if (place.read >= 0 && place.read != but)
    value = in_order(value, layers[place.read].axis, place.read_part, order[place.read]);
  return value;
}

double similarity(const Tensor& a_UM, const Tensor& b_UM) {
  return (a_UM * b_UM).sum(at::kDouble).item<double>();
}

class Aligner {
 public:
  Aligner(const ExpertTensors& experts, const std::vector<HiddenLayer>& layers,
          const AlignOptions& options)
      : experts_(experts), layers_(layers), options_(options) {
    for (const HiddenLayer& layer : layers) {
      same_.push_back(every_unit(layer.axis));
      for (size_t p = 0; p < layer.roles.size(); ++p)
        if (layer.roles[p] != Role::describes) weights_.insert(layer.axis.parts[p].tensor);
    }
    for (int64_t l = 0; l < std::ssize(layers); ++l)
      reference_.push_back(features(options.reference, l, same_));
  }

  Alignment align() const {
    Alignment alignment;
    alignment.reference = options_.reference;
    const double alone = experts_.experts() == 1 ? 1 : 0;
    alignment.layers.assign(layers_.size(), {{}, alone, alone, alone});
    std::vector<Order> orders;
    for (int64_t e = 0; e < experts_.experts(); ++e) {
      orders.push_back(e == options_.reference ? same_ : order_of(e));
      if (e != options_.reference) judge(e, orders.back(), alignment);
    }
    for (size_t l = 0; l < layers_.size(); ++l) alignment.layers[l].unit_EU = stacked(orders, l);
    return alignment;
  }

 private:
  static Tensor stacked(const std::vector<Order>& orders, size_t layer) {
    std::vector<Tensor> units;
    for (const Order& order : orders) units.push_back(order[layer]);
    return at::stack(units);
  }

  // What makes each unit of a layer, then, with `readers`, what reads it, the units of all other
  // layers in that order: [U, M], float.
  Tensor features(int64_t expert, int64_t layer, const Order& order, bool readers = true) const {
    const HiddenLayer& of = layers_[layer];
    std::vector<Tensor> columns;
    for (const Role role : {Role::makes, Role::reads}) {
      if (role == Role::reads && !readers) continue;
      for (size_t p = 0; p < of.roles.size(); ++p) {
        if (of.roles[p] != role) continue;
        const HiddenAxis::Part& part = of.axis.parts[p];
        const Tensor value = finite_values(experts_, part.tensor, expert, at::kFloat);
        columns.push_back(
            unit_rows(in_order(value, part.tensor, layers_, order, layer), of.axis, part));
      }
    }
    return at::cat(columns, 1);
  }

  // From two starts, since turns end at the next best order: by what makes a unit alone, for what
  // reads it is in no order yet; and as the units are, for experts that have a past in common.
  Order order_of(int64_t expert) const {
    Order near = same_, far = same_;
    if (layers_.size() == 1) {
      improve(expert, 0, /*readers=*/true, near);
      return near;
    }
    for (int64_t l = 0; l < std::ssize(layers_); ++l) improve(expert, l, /*readers=*/false, far);
    settle(expert, near);
    settle(expert, far);
    return similarity_of(expert, far) > similarity_of(expert, near) ? far : near;
  }

  void settle(int64_t expert, Order& order) const {
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
      bool changed = false;
      for (int64_t l = 0; l < std::ssize(layers_); ++l)
        changed = improve(expert, l, /*readers=*/true, order) || changed;
      if (!changed) return;
    }
  }

  // Of all units together, each weight once.
  double similarity_of(int64_t expert, const Order& order) const {
    double sum = 0;
    for (const std::string& name : weights_)
      sum += similarity(
          finite_values(experts_, name, options_.reference, at::kFloat),
          in_order(finite_values(experts_, name, expert, at::kFloat), name, layers_, order));
    return sum;
  }

  // Whether a better order of that layer's units was found, which with readers is a better one of
  // all units together.
  bool improve(int64_t expert, int64_t layer, bool readers, Order& order) const {
    const Tensor b_UM = features(expert, layer, order, readers);
    const Tensor a_UM = reference_[layer].narrow(1, 0, b_UM.size(1));
    const Tensor unit_U = pair_units(a_UM, b_UM, options_.exact);
    if (similarity(a_UM, b_UM.index_select(0, unit_U)) <=
        similarity(a_UM, b_UM.index_select(0, order[layer])))
      return false;
    order[layer] = unit_U;
    return true;
  }

  void judge(int64_t expert, const Order& order, Alignment& alignment) const {
    const double share = 1 / static_cast<double>(experts_.experts() - 1);
    for (size_t l = 0; l < layers_.size(); ++l) {
      const int64_t layer = static_cast<int64_t>(l);
      const Tensor &a_UM = reference_[l], b_UM = features(expert, layer, order);
      const Tensor as_was_UM = layers_.size() == 1 ? b_UM : features(expert, layer, same_);
      const double norm = std::sqrt(similarity(a_UM, a_UM) * similarity(b_UM, b_UM));
      const auto cosine = [&](double sum) { return norm > 0 ? sum / norm : 1; };
      const double after = cosine(similarity(a_UM, b_UM.index_select(0, order[l])));
      Alignment::Layer& result = alignment.layers[l];
      result.before += share * cosine(similarity(a_UM, as_was_UM));
      result.after += share * after;
      result.bound += share * std::max(after, std::min(cosine(pairing_bound(a_UM, b_UM)), 1.));
    }
  }

  const ExpertTensors& experts_;
  const std::vector<HiddenLayer>& layers_;
  const AlignOptions& options_;
  Order same_;
  std::set<std::string> weights_;  // the tensors that make or read units
  std::vector<Tensor> reference_;  // features, a layer each
};

// What aligned() reads from, as long as somebody holds its tensors.
struct Aligned {
  ExpertTensors experts;
  std::vector<HiddenLayer> layers;
  Alignment alignment;

  Tensor at(const std::string& name, int64_t expert) const {
    Order order;
    for (const Alignment::Layer& layer : alignment.layers) order.push_back(layer.unit_EU[expert]);
    return in_order(experts.at(name, expert).detach().cpu(), name, layers, order);
  }
};

}  // namespace

Alignment align(const ExpertTensors& experts, const std::vector<HiddenLayer>& layers,
                const AlignOptions& options) {
  if (options.reference < 0 || options.reference >= experts.experts())
    throw UserError("reference expert {}; expected 0 to {}", options.reference,
                    experts.experts() - 1);
  if (options.exact < 1) throw UserError("blocks of {} units; expected at least 1", options.exact);
  return Aligner(experts, layers, options).align();
}

ExpertTensors aligned(const ExpertTensors& experts, const std::vector<HiddenLayer>& layers,
                      const Alignment& alignment) {
  MOESTRO_CHECK(alignment.layers.size() == layers.size());
  const auto source = std::make_shared<const Aligned>(Aligned{experts, layers, alignment});
  std::vector<ExpertTensors::Entry> entries;
  for (const std::string& name : experts.names())
    entries.push_back({name, experts.shape(name),
                       [source, name](int64_t expert) { return source->at(name, expert); }});
  return ExpertTensors(experts.experts(), std::move(entries));
}

}  // namespace moestro
