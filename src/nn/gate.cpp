#include "moestro/nn/gate.h"

#include <array>

#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>

#include "gates/gates.h"
#include "layer_words.h"
#include "moestro/core/error.h"

namespace moestro {
namespace {

enum class Chooses { all, k, one };

struct Kind {
  const char* name;
  std::unique_ptr<Gate> (*make)(const GateConfig&, const GateSetting&);
  Chooses chooses;
};

constexpr std::array<Kind, 7> kKinds = {{{"softmax", make_softmax_gate, Chooses::all},
                                         {"noisy_topk", make_noisy_topk_gate, Chooses::k},
                                         {"switch", make_switch_gate, Chooses::one},
                                         {"attentive", make_attentive_gate, Chooses::all},
                                         {"sigmoid", make_sigmoid_gate, Chooses::k},
                                         {"fixed", make_fixed_gate, Chooses::all},
                                         {"classes", make_classes_gate, Chooses::one}}};

const Kind& kind_of(const GateConfig& config) {
  for (const Kind& kind : kKinds)
    if (config.kind == kind.name) return kind;
  throw UserError(
      "gate.kind = \"{}\"; expected one of softmax, noisy_topk, switch, attentive, sigmoid, fixed, "
      "classes",
      config.kind);
}

// gate.kernels = "positive".
void make_kernels_positive(const Gate& gate, const GateConfig& config, const std::string& name) {
  const at::NoGradGuard no_gradients;
  for (size_t i = 0; i < config.layers.size(); ++i) {
    if (split_layer(config.layers[i]).kind != LayerKind::conv) continue;
    for (const Parameter& parameter : gate.parameters())
      if (parameter.name == fmt::format("{}.{}.weight", name, i)) parameter.value.abs_();
  }
}

// gate.start: the last layer of gate.layers, or the attentive gate's query, is what makes scores.
void scale_start(const Gate& gate, const GateConfig& config, const std::string& name) {
  const at::NoGradGuard no_gradients;
  const std::string layer = config.kind == "attentive"
                                ? name + ".query."
                                : fmt::format("{}.{}.", name, config.layers.size() - 1);
  for (const Parameter& parameter : gate.parameters())
    if (parameter.name.starts_with(layer)) parameter.value.mul_(config.start);
}

}  // namespace

std::unique_ptr<Gate> make_gate(const GateConfig& config, const GateSetting& setting) {
  MOESTRO_CHECK(setting.experts >= 1, "{} experts", setting.experts);
  const Kind& kind = kind_of(config);
  if (kind.chooses == Chooses::k && (config.k < 1 || config.k > setting.experts))
    throw UserError("gate.k = {}; expected 1 to {}, the number of experts", config.k,
                    setting.experts);
  std::unique_ptr<Gate> gate = kind.make(config, setting);
  if (config.kernels == "positive") make_kernels_positive(*gate, config, setting.name);
  if (config.start != 1) scale_start(*gate, config, setting.name);
  return gate;
}

int64_t experts_a_row(const GateConfig& config, int64_t experts) {
  const Chooses chooses = kind_of(config).chooses;
  return chooses == Chooses::one ? 1 : chooses == Chooses::k ? config.k : experts;
}

}  // namespace moestro
