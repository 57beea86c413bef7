#include "moestro/surgery/unit_gathering.h"

#include <optional>

#include <ATen/ATen.h>

#include "moestro/core/error.h"

namespace moestro {
namespace {

// The places that expert e has in a choice, and the units that come there.
struct Places {
  Tensor to, from;
};
Places places_of(const UnitChoice& choice, int64_t expert) {
  std::vector<int64_t> to, from;
  for (size_t u = 0; u < choice.expert_U.size(); ++u)
    if (choice.expert_U[u] == expert) {
      to.push_back(static_cast<int64_t>(u));
      from.push_back(choice.unit_U[u]);
    }
  return {at::tensor(to, at::kLong), at::tensor(from, at::kLong)};
}

class Gatherer {
 public:
  Gatherer(const ExpertTensors& experts, const std::vector<HiddenLayer>& layers,
           const std::vector<HiddenLayer>& student, const std::vector<UnitChoice>& choice,
           double output)
      : experts_(experts), layers_(layers), student_(student), choice_(choice), output_(output) {
    MOESTRO_CHECK(layers.size() == student.size() && layers.size() == choice.size());
    for (size_t l = 0; l < choice.size(); ++l)
      MOESTRO_CHECK(std::ssize(choice[l].unit_U) == student[l].axis.units);
    for (int64_t e = 0; e < experts.experts(); ++e) present_.push_back(e);
    if (!choice.empty()) present_ = experts_of(choice.back());
  }

  Tensor gathered(const std::string& name) const {
    const TensorPlace from = place_of(name, layers_), to = place_of(name, student_);
    MOESTRO_CHECK(
        from.own == to.own && from.read == to.read && from.own_parts.size() == to.own_parts.size(),
        "{} has another place in the student", name);
    if (from.own < 0 && from.read < 0) return mean(name);
    Tensor value;
    for (const int64_t e : present_of(from)) {
      const Tensor part = experts_.at(name, e).detach().cpu();
      if (!value.defined()) value = at::zeros(student_shape(name, from, to), part.options());
      place(part, e, from, to, value);
    }
    const bool last = from.own < 0 && from.read == std::ssize(layers_) - 1;
    return last && output_ != 1 ? value * output_ : value;
  }

 private:
  Tensor mean(const std::string& name) const {
    Tensor sum;
    for (const int64_t e : present_) {
      const Tensor value = experts_.at(name, e).detach().cpu().to(at::kDouble);
      sum = sum.defined() ? sum + value : value;
    }
    const at::ScalarType type = experts_.at(name, present_.front()).scalar_type();
    return (sum / static_cast<double>(present_.size())).to(type);
  }

  std::vector<int64_t> present_of(const TensorPlace& place) const {
    return experts_of(choice_[place.own >= 0 ? place.own : place.read]);
  }

  // A dimension holds the units in blocks, columns of packed tensors too: it grows with them.
  Shape student_shape(const std::string& name, const TensorPlace& from,
                      const TensorPlace& to) const {
    Shape shape = experts_.shape(name);
    const auto scale = [&](int64_t dim, int64_t layer, int64_t block, int64_t parts) {
      const int64_t units = student_[layer].axis.units;
      MOESTRO_CHECK(shape[dim] == layers_[layer].axis.units * block * parts);
      shape[dim] = units * block * parts;
    };
    if (to.own >= 0)
      scale(to.own_parts.front().dim, to.own, from.own_parts.front().block,
            std::ssize(from.own_parts));
    if (to.read >= 0) scale(to.read_part.dim, to.read, from.read_part.block, 1);
    return shape;
  }

  // Copies one expert's part of a tensor to its places.
  void place(const Tensor& part, int64_t expert, const TensorPlace& from, const TensorPlace& to,
             Tensor& value) const {
    Tensor source = part;
    std::optional<Tensor> read_to;
    if (from.read >= 0) {
      const Places units = places_of(choice_[from.read], expert);
      source = source.index_select(from.read_part.dim,
                                   layers_[from.read].axis.indices(from.read_part, units.from));
      read_to = student_[to.read].axis.indices(to.read_part, units.to);
    }
    if (from.own < 0) {
      value.index_copy_(to.read_part.dim, *read_to, source);
      return;
    }
    const Places units = places_of(choice_[from.own], expert);
    for (size_t p = 0; p < from.own_parts.size(); ++p) {
      const HiddenAxis::Part &a = from.own_parts[p], &b = to.own_parts[p];
      const Tensor made = source.index_select(a.dim, layers_[from.own].axis.indices(a, units.from));
      const Tensor own_to = student_[to.own].axis.indices(b, units.to);
      Tensor block = value.index_select(b.dim, own_to);
      if (read_to)
        block.index_copy_(to.read_part.dim, *read_to, made);
      else
        block = made;
      value.index_copy_(b.dim, own_to, block);
    }
  }

  const ExpertTensors& experts_;
  const std::vector<HiddenLayer>& layers_;
  const std::vector<HiddenLayer>& student_;
  const std::vector<UnitChoice>& choice_;
  double output_;
  std::vector<int64_t> present_;
};

}  // namespace

NamedTensors gather_units(const ExpertTensors& experts, const std::vector<HiddenLayer>& layers,
                          const std::vector<HiddenLayer>& student,
                          const std::vector<UnitChoice>& choice, double output) {
  const Gatherer gatherer(experts, layers, student, choice, output);
  NamedTensors tensors;
  for (const std::string& name : experts.names())
    tensors.emplace_back(name, gatherer.gathered(name));
  return tensors;
}

}  // namespace moestro
