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

void describe_mutual(Section& section, LossConfig& loss) {
  section
      .field(
          "mutual_distillation", loss.mutual_distillation,
          "weight of the disagreement of the experts, V = 1/K sum_i ||e_i - mean||^2 of what the "
          "gate mixes (after arXiv 2402.00893; this form is chosen); a first guess: .1 "
          "(docs/mutual-distillation.md)")
      .at_least(0);
  const std::string term = "loss.mutual_distillation";
  section
      .field("mutual_form", loss.mutual_form,
             "squared: V; gate_weighted (control): weighted by the gate; kl: from their mean "
             "prediction, whole networks and classes only")
      .one_of({"squared", "gate_weighted", "kl"})
      .only_when(term, {"*"});
  section
      .field("mutual_experts", loss.mutual_experts,
             "who takes part under a sparse gate: all, which computes every expert while training; "
             "chosen: those that a row was sent to, gate.k of them")
      .one_of({"all", "chosen"})
      .only_when(term, {"*"})
      .only_when("gate.kind", {"noisy_topk", "switch", "sigmoid"});
  section
      .field("mutual_temperature", loss.mutual_temperature,
             "what scores are divided by before they are compared; the term is times its square")
      .above(0)
      .only_when(term, {"*"})
      .only_when("loss.mutual_form", {"kl"});
  section
      .field("mutual_schedule", loss.mutual_schedule,
             "of the weight: constant, or on a straight line over training from 0 (rise) or to 0 "
             "(fall)")
      .one_of({"constant", "rise", "fall"})
      .only_when(term, {"*"});
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
  describe_mutual(section, loss);
  section
      .field("distillation", loss.distillation,
             "weight of T^2 KL(teacher || student) of what they answer, the teacher being "
             "student.teacher; of values: of their squared difference")
      .at_least(0)
      .only_when("student.teacher", {"*"});
  section
      .field("distillation_temperature", loss.distillation_temperature,
             "T: what log probabilities are divided by before they are compared")
      .above(0)
      .only_when("loss.distillation", {"*"})
      .only_when("loss.kind", {"expectation", "stochastic", "competitive"});
}

}  // namespace moestro
