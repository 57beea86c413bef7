#include "moestro/nn/gate_config.h"

#include "moestro/core/schema.h"

namespace moestro {

const std::vector<std::string>& learned_gate_kinds() {
  static const std::vector<std::string> kinds = {"softmax", "noisy_topk", "switch", "attentive",
                                                 "sigmoid"};
  return kinds;
}

void describe(Schema& schema, GateConfig& gate) {
  Section& section = schema.section("gate", "How a sample finds its experts.");
  std::vector<std::string> kinds = learned_gate_kinds();
  kinds.push_back("fixed");
  section
      .field("kind", gate.kind,
             "softmax: all experts, weighted; noisy_topk: the k best of noisy scores; switch: the "
             "best one; attentive: a query against every expert's hidden layer; sigmoid: the k "
             "best with a balance bias; fixed: the same weights for every sample")
      .one_of(kinds);
  section
      .field("layers", gate.layers,
             "the gate's network, written as expert.layers and ending in \"linear experts\" (the "
             "attentive gate puts its query in that layer's place)")
      .only_when("gate.kind", learned_gate_kinds());
  section.field("k", gate.k, "experts computed for a sample, at most expert.count")
      .at_least(1)
      .only_when("gate.kind", {"noisy_topk", "sigmoid"});
  section
      .field("query", gate.query,
             "which side of its activation the gate's last hidden layer is read on")
      .one_of({"before", "after"})
      .only_when("gate.kind", {"attentive"});
  section
      .field("stop_gradient", gate.stop_gradient,
             "the gate learns from the experts' hidden layers without changing them")
      .only_when("gate.kind", {"attentive"});
  section
      .field("bias_rate", gate.bias_rate,
             "how far the balance bias moves after a step towards experts with too few rows")
      .at_least(0)
      .only_when("gate.kind", {"sigmoid"});
  section
      .field("weights", gate.weights, "one weight an expert, scaled to sum 1; empty: even weights")
      .at_least(0)
      .only_when("gate.kind", {"fixed"});
}

}  // namespace moestro
