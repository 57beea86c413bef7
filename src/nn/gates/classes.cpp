#include <sstream>

#include <ATen/ATen.h>

#include "gates.h"
#include "moestro/core/error.h"

namespace moestro {
namespace {

// owner[c]: the expert that gate.classes names for class c.
std::vector<int64_t> class_owners(const GateConfig& config, const GateSetting& setting) {
  if (setting.classes == 0)
    throw UserError("gate.kind = \"classes\" on a target of values; expected classes");
  if (std::ssize(config.classes) != setting.experts)
    throw UserError("gate.classes has {} texts; expected {}, one an expert", config.classes.size(),
                    setting.experts);
  std::vector<int64_t> owners(setting.classes, -1);
  for (int64_t e = 0; e < setting.experts; ++e) {
    std::istringstream words(config.classes[e]);
    for (std::string word; words >> word;) {
      const bool digits = word.find_first_not_of("0123456789") == std::string::npos;
      const int64_t c = digits && word.size() < 10 ? std::stoll(word) : setting.classes;
      if (c >= setting.classes)
        throw UserError("gate.classes[{}] = \"{}\": class {}; expected numbers from 0 to {}", e,
                        config.classes[e], word, setting.classes - 1);
      if (owners[c] >= 0)
        throw UserError("gate.classes: class {} is there twice; expected every class once", c);
      owners[c] = e;
    }
  }
  for (int64_t c = 0; c < setting.classes; ++c)
    if (owners[c] < 0)
      throw UserError("gate.classes: class {} is missing; expected every class once", c);
  return owners;
}

class ClassesGate : public Gate {
 public:
  ClassesGate(const std::vector<int64_t>& owners, int64_t experts)
      : owner_C_(at::tensor(owners, at::kLong)), experts_(experts) {}

  std::optional<int64_t> chosen() const override {
    return experts_ > 1 ? std::optional<int64_t>(1) : std::nullopt;
  }

  Routing route(const GateInput& input, const ForwardContext& context) const override {
    if (!context.targets_N.defined())
      throw UserError(
          "gate.kind = \"classes\" must be told the class of every row; expected rows with labels");
    MOESTRO_CHECK(context.targets_N.size(0) == input.x.size(0));
    const Tensor owner_C = owner_C_.to(context.targets_N.device());
    const Tensor owner_B = owner_C.index_select(0, context.targets_N);
    return forced_routing(owner_B.unsqueeze(1), experts_);
  }

 private:
  Tensor owner_C_;
  int64_t experts_;
};

}  // namespace

std::unique_ptr<Gate> make_classes_gate(const GateConfig& config, const GateSetting& setting) {
  return std::make_unique<ClassesGate>(class_owners(config, setting), setting.experts);
}

}  // namespace moestro
