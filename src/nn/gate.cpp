#include "moestro/nn/gate.h"

#include <array>

#include "gates/gates.h"
#include "moestro/core/error.h"

namespace moestro {
namespace {

struct Kind {
  const char* name;
  std::unique_ptr<Gate> (*make)(const GateConfig&, const GateSetting&);
  bool reads_k;
};

constexpr std::array<Kind, 6> kKinds = {{{"softmax", make_softmax_gate, false},
                                         {"noisy_topk", make_noisy_topk_gate, true},
                                         {"switch", make_switch_gate, false},
                                         {"attentive", make_attentive_gate, false},
                                         {"sigmoid", make_sigmoid_gate, true},
                                         {"fixed", make_fixed_gate, false}}};

}  // namespace

std::unique_ptr<Gate> make_gate(const GateConfig& config, const GateSetting& setting) {
  MOESTRO_CHECK(setting.experts >= 1, "{} experts", setting.experts);
  for (const Kind& kind : kKinds) {
    if (config.kind != kind.name) continue;
    if (kind.reads_k && (config.k < 1 || config.k > setting.experts))
      throw UserError("gate.k = {}; expected 1 to {}, the number of experts", config.k,
                      setting.experts);
    return kind.make(config, setting);
  }
  throw UserError(
      "gate.kind = \"{}\"; expected one of softmax, noisy_topk, switch, attentive, sigmoid, fixed",
      config.kind);
}

}  // namespace moestro
