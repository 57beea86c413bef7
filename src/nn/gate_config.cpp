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
  kinds.insert(kinds.end(), {"fixed", "classes"});
  section
      .field(
          "kind", gate.kind,
          "softmax: all experts, weighted; noisy_topk: the k best of noisy scores; switch: the "
          "best one; attentive: a query against every expert's hidden layer; sigmoid: the k "
          "best with a balance bias; fixed: the same weights for every sample; classes: the expert "
          "that gate.classes names for the sample's class, which must be known")
      .one_of(kinds);
  section
      .field("layers", gate.layers,
             "the gate's network, written as expert.layers and ending in \"linear experts\" (the "
             "attentive gate puts its query in that layer's place)")
      .only_when("gate.kind", learned_gate_kinds());
  section
      .field("kernels", gate.kernels,
             "how its convolutions begin; positive: with the absolute values of what is drawn, so "
             "that a kernel sees what is bright before it learns edges (one that begins all "
             "negative seldom recovers)")
      .one_of({"signed", "positive"})
      .only_when("gate.kind", learned_gate_kinds());
  section
      .field("start", gate.start,
             "factor on the initial weights of what makes the scores (the last linear layer, the "
             "attentive gate's query): near 0 every expert begins with the same share")
      .at_least(0)
      .only_when("gate.kind", learned_gate_kinds());
  section.field("k", gate.k, "experts computed for a sample, at most expert.count")
      .at_least(1)
      .only_when("gate.kind", {"noisy_topk", "sigmoid"});
  section
      .field("least_noise", gate.least_noise,
             "standard deviation of the scores' noise in training, besides what is learned of it")
      .at_least(0)
      .only_when("gate.kind", {"noisy_topk"});
  section
      .field("query", gate.query,
             "which side of its activation the gate's last hidden layer is read on")
      .one_of({"before", "after"})
      .only_when("gate.kind", {"attentive"});
  section
      .field("hidden", gate.hidden,
             "which hidden layer of the experts becomes the keys, counted from the last")
      .at_least(1)
      .only_when("gate.kind", {"attentive"});
  section
      .field("normalise", gate.normalise,
             "query and keys scaled to a root mean square of 1, so that no score exceeds the root "
             "of their width and the gate cannot saturate")
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
  section
      .field("classes", gate.classes,
             "one text an expert with the numbers of its classes, as in [\"0 7\", \"1 9\"]; every "
             "class once")
      .only_when("gate.kind", {"classes"});
}

}  // namespace moestro
