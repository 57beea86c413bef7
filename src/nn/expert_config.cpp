#include "moestro/nn/expert_config.h"

#include "moestro/core/schema.h"

namespace moestro {

void describe(Schema& schema, ExpertConfig& expert) {
  Section& section = schema.section("expert", "The experts: E networks, or layers, of one shape.");
  section
      .field("count", expert.count,
             "how many experts, E; of a Transformer in each mixture layer, and 1 for "
             "ordinary feed-forward layers")
      .at_least(1)
      .at_most(65536);
  section
      .field("layers", expert.layers,
             "one expert, layer by layer: \"conv CHANNELS KERNEL [pad=0] [stride=1] "
             "[bias=true]\", \"linear WIDTH [bias=true]\" (WIDTH a number or classes), "
             "\"maxpool SIZE\", \"avgpool SIZE\", \"relu\", \"gelu\", \"tanh\", \"sigmoid\", "
             "\"batchnorm\", \"flatten\", \"dropout P\"; of a table's categories first \"embed "
             "WIDTH\"; the last one gives classes")
      .only_when("model.kind", {"mixture"});
}

void describe(Schema& schema, MixtureConfig& mixture) {
  Section& section = schema.section("mixture", "How the experts' outputs become one.");
  section
      .field("output", mixture.output,
             "what is weighted and summed: each expert's probabilities, its logits, or its values "
             "(regression)")
      .one_of({"probabilities", "logits", "values"})
      .only_when("model.kind", {"mixture"});
}

}  // namespace moestro
