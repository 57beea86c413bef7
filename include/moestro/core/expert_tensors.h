// E experts of one shape as plain data, without a copy of anything: slices of stacked parameters of
// a live bank, or views into a mapped checkpoint.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "moestro/core/tensor.h"

namespace moestro {

class ExpertTensors {
 public:
  struct Entry {
    std::string name;  // within one expert: "0.weight"
    Shape shape;       // of one expert's tensor
    std::function<Tensor(int64_t expert)> at;
  };

  ExpertTensors(int64_t experts, std::vector<Entry> entries);

  // Over stacked tensors [E, ...]; at(name, e) shares their storage.
  static ExpertTensors stacked(const std::vector<std::pair<std::string, Tensor>>& tensors);

  int64_t experts() const { return experts_; }
  std::vector<std::string> names() const;
  const Shape& shape(const std::string& name) const;
  // Throws UserError for a name that is not there, or an expert outside 0 .. E-1.
  Tensor at(const std::string& name, int64_t expert) const;
  int64_t parameters_per_expert() const;

 private:
  const Entry& entry(const std::string& name) const;

  int64_t experts_;
  std::vector<Entry> entries_;
};

}  // namespace moestro
