#include "moestro/report/score_tiles.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "moestro/core/progress.h"
#include "moestro/report/finding.h"
#include "moestro/report/format.h"
#include "moestro/report/page.h"

namespace moestro {
namespace {

std::string tile(const std::string& name, const std::string& value, const std::string& unit,
                 const std::string& why) {
  return fmt::format("<div><dt>{}</dt><dd class=\"big\">{}{}</dd><dd class=\"why\">{}</dd></div>\n",
                     prose_html(name), prose_html(value),
                     unit.empty() ? "" : " <small>" + unit + "</small>", prose_html(why));
}

std::string bleu_tile(const SummaryRecord& summary) {
  std::string why =
      "How much the translations of the test set have in common with those of people, 0 to 100: "
      "runs of one to four words.";
  if (std::isfinite(summary.bleu_lowercase))
    why += fmt::format(" Without regard to case: {}.", fixed_text(summary.bleu_lowercase));
  return tile("BLEU", fixed_text(summary.bleu), "", why);
}

std::string error_tile(const RunRecord& run) {
  const SummaryRecord& summary = *run.summary;
  if (std::isfinite(summary.bleu)) return bleu_tile(summary);
  if (!run.has_classes())
    return tile("Test error", run.error_text(summary.test.error), "",
                "Root mean squared error on samples it never saw, in units of the target.");
  const std::string samples =
      run.inspection && run.inspection->rows > 0
          ? fmt::format("the {} test samples", count_text(run.inspection->rows))
          : "the test samples";
  std::string why = "The share of " + samples + " it gets wrong.";
  if (std::isfinite(summary.hard_top1_error) && run.experts() > 1)
    why += fmt::format(" With the chosen expert alone: {}.", percent_text(summary.hard_top1_error));
  return tile("Test error", run.error_text(summary.test.error), "", why);
}

// The most that E experts can tell about the class.
double most_information(const RunRecord& run) {
  const double experts = std::log2(static_cast<double>(run.experts()));
  const double classes = run.inspection ? class_entropy(*run.inspection) : kNotKnown;
  return std::isfinite(classes) ? std::min(experts, classes) : experts;
}

std::string information_tile(const RunRecord& run) {
  const SpecialisationRecord& split = *run.summary->specialisation;
  if (!std::isfinite(split.mutual_information)) return {};
  std::string why = fmt::format(
      "Specialisation: what knowing the chosen expert tells about the class. {} is the most that "
      "{} experts could.",
      fixed_text(most_information(run)), number_word(run.experts()));
  if (std::isfinite(split.permutation_baseline))
    why += fmt::format(" Chance alone gives {}.", fixed_text(split.permutation_baseline, 3));
  return tile("I(E;Y)", fixed_text(split.mutual_information), "bits", why);
}

std::string gate_tiles(const RunRecord& run) {
  const SpecialisationRecord& split = *run.summary->specialisation;
  const std::string most = fixed_text(std::log2(static_cast<double>(run.experts())));
  const std::string all = number_word(run.experts());
  return tile("H_s", fixed_text(split.sample_entropy), "bits",
              fmt::format("How much the gate hesitates on one sample: 0 is certain, {} a blind "
                          "guess among {}.",
                          most, all)) +
         tile("H_u", fixed_text(split.usage_entropy), "bits",
              fmt::format("How evenly the experts share the work: {} is perfectly even, 0 is one "
                          "expert doing all of it.",
                          most)) +
         tile("Experts used", fmt::format("{} of {}", split.experts_used, run.experts()), "",
              "Those that get at least 1 % of the test samples.");
}

// The experts of all mixture layers together.
std::string layer_tiles(const RunRecord& run) {
  if (!run.inspection || run.inspection->layers.empty()) return {};
  const auto layers = static_cast<int64_t>(run.inspection->layers.size());
  int64_t experts = 0, used = 0;
  double hesitation = 0;
  for (const LayerRecord& layer : run.inspection->layers) {
    experts += layer.experts;
    used += layer.experts_used();
    hesitation += layer.sample_entropy / static_cast<double>(layers);
  }
  const std::string most = fixed_text(std::log2(static_cast<double>(run.layer_experts())));
  return tile("Experts used", fmt::format("{} of {}", used, experts), "",
              fmt::format("In {}: those that get at least {}.",
                          layers == 1 ? "the mixture layer"
                                      : counted(number_word(layers), layers, "mixture layer"),
                          run.layer_experts() > 10 ? "a tenth of an even share of the choices"
                                                   : "1 % of the choices")) +
         tile("H_s", fixed_text(hesitation), "bits",
              fmt::format("How much the gates hesitate on one decision{}: 0 is certain, {} a blind "
                          "guess among {}.",
                          layers == 1 ? "" : ", their mean", most,
                          number_word(run.layer_experts())));
}

std::string folding_tile(const SummaryRecord& summary) {
  return tile("Folding", value_text(summary.student->fold_seconds, 2), "s",
              fmt::format("On {}. Nothing was trained.", summary.device));
}

std::string cost_tiles(const SummaryRecord& summary) {
  std::string why = "All numbers that were learned.";
  if (summary.student && summary.student->teacher_parameters > 0)
    why = fmt::format("Its mixture has {}.", count_text(summary.student->teacher_parameters));
  const std::string size = tile("Parameters", count_text(summary.parameters), "", why);
  if (summary.student && summary.epochs == 0) return size + folding_tile(summary);
  return size +
         tile("Training", duration_text(summary.seconds), "",
              fmt::format("{} on {}.", counted(count_text(summary.epochs), summary.epochs, "epoch"),
                          summary.device));
}

}  // namespace

std::string score_tiles(const RunRecord& run) {
  if (!run.summary) return {};
  std::string tiles = error_tile(run);
  if (run.summary->specialisation && run.experts() > 1)
    tiles += information_tile(run) + gate_tiles(run);
  else
    tiles += layer_tiles(run) + cost_tiles(*run.summary);
  return "<dl class=\"tiles\">\n" + tiles + "</dl>\n";
}

}  // namespace moestro
