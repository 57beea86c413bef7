#include "moestro/objective/loss_config.h"

#include "moestro/core/schema.h"
#include "moestro/nn/gate_config.h"

namespace moestro {

void describe(Schema& schema, LossConfig& loss) {
  Section& section =
      schema.section("loss", "What is minimised: the task's loss, and terms by name and weight.");
  section
      .field("kind", loss.kind,
             "expectation: of the mixed prediction; stochastic: of one expert drawn by the gate; "
             "competitive: every expert's own loss, weighted by the gate (both with mixture.output "
             "= \"probabilities\"); least_squares: with mixture.output = \"values\"")
      .one_of({"expectation", "stochastic", "competitive", "least_squares"});
  const auto term = [&](const char* name, double& weight, const char* meaning) {
    section.field(name, weight, meaning).at_least(0).only_when("gate.kind", learned_gate_kinds());
  };
  term("importance", loss.importance,
       "weight of the squared coefficient of variation of the experts' summed probabilities");
  term("switch_balance", loss.switch_balance,
       "weight of the balance between the share of choices and the mean probability");
  term("z_loss", loss.z_loss, "weight of the squared logsumexp of the gate's scores");
}

}  // namespace moestro
