#include "moestro/objective/loss_config.h"

#include "moestro/core/schema.h"
#include "moestro/nn/gate_config.h"

namespace moestro {
namespace {

void describe_similarity(Section& section, LossConfig& loss) {
  const std::vector<std::string> weights = {"loss.similarity_same", "loss.similarity_different"};
  section
      .field("similarity_form", loss.similarity_form,
             "balanced: distances divided by their mean over the batch, either term of size 1 when "
             "all experts are used alike; published: raw sums over all pairs, the second one "
             "divided by the number of pairs")
      .one_of({"balanced", "published"})
      .only_when_any(weights, {"*"});
  section
      .field("similarity_distance", loss.similarity_distance,
             "between samples: euclidean or cosine of the normalised inputs; features: euclidean "
             "of a frozen feature map; controls (of euclidean): constant: its mean for every pair; "
             "shuffled: that of another pair")
      .one_of({"euclidean", "cosine", "features", "constant", "shuffled"})
      .only_when_any(weights, {"*"});
  section
      .field("similarity_run", loss.similarity_run,
             "folder of a run: the last hidden layers of its experts are the feature map")
      .only_when("loss.similarity_distance", {"features"});
}

}  // namespace

void describe(Schema& schema, LossConfig& loss) {
  Section& section =
      schema.section("loss", "What is minimised: the task's loss, and terms by name and weight.");
  section
      .field("kind", loss.kind,
             "expectation: of the mixed prediction; stochastic: of one expert drawn by the gate; "
             "competitive: every expert's own loss, weighted by the gate (both with mixture.output "
             "= \"probabilities\"); least_squares: with mixture.output = \"values\"")
      .one_of({"expectation", "stochastic", "competitive", "least_squares"});
  section.field("task", loss.task, "weight of the task's own loss; 0: the other terms alone")
      .at_least(0);
  section
      .field("label_smoothing", loss.label_smoothing,
             "share of the target that is spread over all classes; the reported losses on other "
             "rows are without")
      .at_least(0)
      .below(1)
      .only_when("loss.kind", {"expectation"});
  const auto term = [&](const char* name, double& weight, const char* meaning) {
    section.field(name, weight, meaning).at_least(0).only_when("gate.kind", learned_gate_kinds());
  };
  term("importance", loss.importance,
       "weight of the squared coefficient of variation of the experts' summed probabilities");
  term("switch_balance", loss.switch_balance,
       "weight of the balance between the share of choices and the mean probability");
  term("z_loss", loss.z_loss, "weight of the squared logsumexp of the gate's scores");
  term("similarity_same", loss.similarity_same,
       "weight of the mean distance of samples that share an expert");
  term("similarity_different", loss.similarity_different,
       "weight of minus the mean distance of samples that do not");
  describe_similarity(section, loss);
  term("gate_distillation", loss.gate_distillation,
       "weight of KL(teacher's gate || gate), the teacher being start.run");
  term("gate_correctness", loss.gate_correctness,
       "weight of KL(t || gate), t the experts' likelihoods of the label, scaled to sum 1; no "
       "gradient into t");
}

}  // namespace moestro
