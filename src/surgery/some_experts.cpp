#include "some_experts.h"

namespace moestro {

ExpertTensors some_experts(const ExpertTensors& experts, const std::vector<int64_t>& which) {
  std::vector<ExpertTensors::Entry> entries;
  for (const std::string& name : experts.names())
    entries.push_back({name, experts.shape(name), [=](int64_t expert) {
                         return experts.at(name, which[static_cast<size_t>(expert)]);
                       }});
  return ExpertTensors(std::ssize(which), std::move(entries));
}

}  // namespace moestro
