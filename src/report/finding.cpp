#include "moestro/report/finding.h"

#include <cmath>
#include <numeric>
#include <vector>

#include <fmt/format.h>

#include "moestro/report/format.h"
#include "moestro/report/recipe_text.h"

namespace moestro {
namespace {

// H_s as a share of the most it can be, log2 E.
constexpr double kSure = .15, kFairlySure = .45;

// ", all in use" of the experts of all mixture layers together.
std::string layers_in_use(const RunRecord& run) {
  if (!run.inspection || run.inspection->layers.empty()) return {};
  int64_t experts = 0, used = 0;
  for (const LayerRecord& layer : run.inspection->layers) {
    experts += layer.experts;
    used += layer.experts_used();
  }
  return used == experts ? ", all in use" : fmt::format(", {} of {} in use", used, experts);
}

std::string transformer_noun(const RunRecord& run) {
  const std::string kind = recipe_value(run.recipe, "model.kind");
  return kind == "vit" ? "Vision Transformer" : kind == "translator" ? "translator" : "Transformer";
}

std::string transformer_clause(const RunRecord& run) {
  const std::string noun = transformer_noun(run);
  const auto layers = static_cast<int64_t>(run.layers().size());
  const int64_t experts = run.layer_experts();
  if (experts == 1) return "A dense " + noun;
  if (experts == 0) return "A " + noun;
  const std::string of = fmt::format("of {} experts", number_word(experts));
  if (layers == 0) return fmt::format("A {} with mixture layers {}", noun, of);
  if (layers == 1)
    return fmt::format("A {} with a mixture layer {}{}", noun, of, layers_in_use(run));
  return fmt::format("A {} with {} mixture layers {} each{}", noun, number_word(layers), of,
                     layers_in_use(run));
}

bool has_teacher(const RunRecord& run) {
  return (run.summary && run.summary->student) ||
         !recipe_value(run.recipe, "student.teacher").empty();
}

std::string student_clause(const RunRecord& run) {
  const bool known = run.summary && run.summary->student;
  const std::string gather =
      known ? run.summary->student->gather : recipe_value(run.recipe, "student.gather");
  const int64_t experts = known ? run.summary->student->experts() : 0;
  const std::string mixture = run.is_transformer() && experts > 0 ? "mixture layers" : "a mixture";
  std::string text =
      fmt::format("A dense {} {} {}", run.is_transformer() ? transformer_noun(run) : "network",
                  gather == "none" ? "taught by" : "folded from", mixture);
  if (experts > 0) text += fmt::format(" of {} experts", number_word(experts));
  if (known && run.summary->epochs == 0) text += " and not trained since";
  return text;
}

std::string experts_clause(const RunRecord& run) {
  if (has_teacher(run)) return student_clause(run);
  if (run.is_transformer()) return transformer_clause(run);
  const int64_t experts = run.experts();
  if (experts == 0) return "A mixture of experts";
  if (experts == 1) return "One expert alone";
  const std::string number = capitalised(number_word(experts)) + " experts";
  if (!run.summary || !run.summary->specialisation) return number;
  const int64_t used = run.summary->specialisation->experts_used;
  if (used == experts) return number + ", all in use";
  return fmt::format("{}, {} in use", number, used == 1 ? "only one" : number_word(used));
}

std::string error_clause(const RunRecord& run, const std::string& set, double error) {
  if (run.has_classes()) return fmt::format("{} error {}", set, run.error_text(error));
  if (run.task() == Task::translation)
    return fmt::format("{} of the {} tokens wrong", run.error_text(error), set);
  return fmt::format("root mean squared error {} on the {} set", run.error_text(error), set);
}

std::string test_clause(const RunRecord& run) {
  if (std::isfinite(run.summary->bleu))
    return fmt::format("BLEU {} on the test set", fixed_text(run.summary->bleu));
  return error_clause(run, "test", run.summary->test.error);
}

std::string gate_clause(double sample_entropy, int64_t experts) {
  if (!std::isfinite(sample_entropy)) return {};
  const double share = sample_entropy / std::log2(static_cast<double>(experts));
  const char* manner = share < kSure         ? "is sure"
                       : share < kFairlySure ? "is fairly sure"
                                             : "hesitates";
  return fmt::format("the gate {} (H_s {} bits)", manner, fixed_text(sample_entropy));
}

std::string information_clause(const RunRecord& run) {
  const double told = run.summary->specialisation->mutual_information;
  if (!std::isfinite(told)) return {};
  const double whole = run.inspection ? class_entropy(*run.inspection) : kNotKnown;
  if (!std::isfinite(whole))
    return fmt::format("knowing the expert tells {} bits of the class", fixed_text(told));
  return fmt::format("knowing the expert tells {} of {} bits of the class", fixed_text(told),
                     fixed_text(whole));
}

// "a", "a and b", "a, b, and c", leaving out what is empty.
std::string enumerated(const std::vector<std::string>& clauses) {
  std::vector<std::string> said;
  for (const std::string& clause : clauses)
    if (!clause.empty()) said.push_back(clause);
  std::string out;
  for (std::size_t i = 0; i < said.size(); ++i) {
    if (i > 0) out += said.size() > 2 ? ", " : " ";
    if (i > 0 && i + 1 == said.size()) out += "and ";
    out += said[i];
  }
  return out;
}

std::string state_word(RunStatus status) {
  switch (status) {
    case RunStatus::running:
      return "still in training";
    case RunStatus::interrupted:
      return "interrupted";
    case RunStatus::failed:
      return "failed";
    case RunStatus::finished:
      return "finished";
  }
  return {};
}

std::string unfinished(const RunRecord& run) {
  const std::string begin = experts_clause(run) + ", " + state_word(run.manifest.status);
  if (run.metrics.epochs.empty()) return begin + " before the end of the first epoch.";
  const EpochRecord& last = run.metrics.epochs.back();
  const bool held_out = std::isfinite(last.valid.error);
  return fmt::format("{} after epoch {}: {}.", begin, last.epoch,
                     error_clause(run, held_out ? "validation" : "training",
                                  held_out ? last.valid.error : last.train.error));
}

}  // namespace

double class_entropy(const InspectionRecord& inspection) {
  std::vector<double> totals;
  for (const auto& row : inspection.class_by_expert)
    totals.push_back(static_cast<double>(std::accumulate(row.begin(), row.end(), int64_t{0})));
  const double whole = std::accumulate(totals.begin(), totals.end(), 0.);
  if (whole <= 0) return kNotKnown;
  double entropy = 0;
  for (double total : totals)
    if (total > 0) entropy -= total / whole * std::log2(total / whole);
  return entropy;
}

std::string finding(const RunRecord& run) {
  if (!run.summary) return unfinished(run);
  const bool split = run.summary->specialisation && run.experts() > 1;
  const std::vector<std::string> clauses = {
      test_clause(run),
      split ? gate_clause(run.summary->specialisation->sample_entropy, run.experts()) : "",
      split ? information_clause(run) : ""};
  return fmt::format("{}: {}.", experts_clause(run), enumerated(clauses));
}

}  // namespace moestro
