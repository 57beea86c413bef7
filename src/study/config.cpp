#include "moestro/study/config.h"

#include <algorithm>

#include "moestro/core/schema.h"

namespace moestro {

void describe(Schema& schema, StudyConfig& study, const std::vector<std::string>& metrics,
              const std::vector<std::string>& columns) {
  Section& section = schema.section(
      "study", "Arms x seeds, for `moestro study`; the other sections of its file are the recipe.");
  section.field("recipe", study.recipe,
                "a recipe, of train or continual, from the study file's folder, over which the "
                "file's own sections are laid; empty: the file has it all");
  section.field("seeds", study.seeds, "runs of each arm, one a seed").at_least(1).at_most(10000);
  section.field("first_seed", study.first_seed, "their first seed; the others follow").at_least(0);
  section.field("arms", study.arms,
                "name = [assignments as --set takes them]; {NAME} in one stands for the run folder "
                "of arm NAME with the same seed, which is then trained first");
  section.field("primary", study.primary,
                "the one comparison that the study is made for: two arms, the first minus the "
                "second");
  section.field("baseline", study.baseline,
                "the arm that all others are compared with, their p values adjusted by Holm's "
                "method; empty: the second of study.primary");
  section
      .field("metric", study.metric,
             "what is compared: a number of summary.json (of streams others: continual.md); "
             "settings are chosen by valid.error, and then nothing that was measured on test rows "
             "is kept")
      .one_of(metrics);
  section.field("lower_is_better", study.lower_is_better, "which way the metric is good");
  section
      .field(
          "columns", study.columns,
          "numbers of summary.json shown beside the metric; split_agreement: the adjusted mutual "
          "information of an arm's seeds, 1 where they split the rows alike, mean over their pairs "
          "(which share seeds: it has no standard error and is no metric)")
      .one_of(columns);
}

bool on_validation(const StudyConfig& study) {
  return study.metric.starts_with("valid.");
}

bool of_test_rows(const std::string& figure) {
  const std::vector<std::string> others = {"parameters", "seconds",      "epochs",
                                           "steps",      "experts",      "frozen",
                                           "merges",     "merge_cosine", "merge_later_share"};
  return !figure.starts_with("valid.") && std::ranges::find(others, figure) == others.end();
}

bool of_a_split(const std::string& figure) {
  return figure.starts_with("specialisation.") || figure.starts_with("probing.") ||
         figure == kSplitAgreement;
}

bool of_translations(const std::string& figure) {
  return figure.starts_with("bleu");
}

bool of_whole_networks(const std::string& figure) {
  return of_a_split(figure) || figure == "hard_top1_error";
}

bool of_classes(const std::string& figure) {
  const std::vector<std::string> others = {"hard_top1_error", "calibration_error",
                                           "specialisation.permutation_baseline",
                                           "probing.routing_accuracy", "probing.agreement"};
  return figure.starts_with("specialisation.mutual_information") ||
         std::ranges::find(others, figure) != others.end();
}

}  // namespace moestro
