// The [study] of a study file: arms x seeds, and the one comparison it was made for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "moestro/core/field.h"

namespace moestro {

class Schema;

struct StudyConfig {
  std::string recipe;  // what the study file's own sections are laid over
  int64_t seeds = 5, first_seed = 0;
  NamedLists arms;                   // name -> assignments, as --set takes them
  std::vector<std::string> primary;  // two arms: the first minus the second
  std::string baseline;              // the others are compared with it; empty: primary's second
  std::string metric = "test.error";
  bool lower_is_better = true;
  std::vector<std::string> columns = {
      "hard_top1_error",
      "specialisation.mutual_information",
      "specialisation.sample_entropy",
      "specialisation.usage_entropy",
      "specialisation.experts_used",
  };  // shown beside the metric
};

// The one number that belongs to pairs of an arm's runs rather than to a run: a run's value is its
// mean with the others. Pairs share runs, so that such values have a mean, but no standard error.
inline constexpr const char* kSplitAgreement = "split_agreement";

// metrics, columns: the numbers that a kind of run has.
void describe(Schema& schema, StudyConfig& study, const std::vector<std::string>& metrics,
              const std::vector<std::string>& columns);

// Whether settings are chosen by it: then nothing of the test rows is kept or shown.
bool on_validation(const StudyConfig& study);
// Whether a number of summary.json says something of the test rows.
bool of_test_rows(const std::string& figure);
// Whether a number says something of a split between experts: one expert has none.
bool of_a_split(const std::string& figure);
// Whether a number is of mixtures of whole networks alone: Transformers have none.
bool of_whole_networks(const std::string& figure);
// Whether a number is of translations.
bool of_translations(const std::string& figure);
// Whether a number says something of classes: regression has none.
bool of_classes(const std::string& figure);

}  // namespace moestro
