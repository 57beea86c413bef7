// A study's rows as means and paired comparisons.
#pragma once

#include <string>
#include <vector>

#include "moestro/study/results.h"
#include "moestro/study/statistics.h"

namespace moestro {

struct ArmMeans {
  std::string arm;
  bool told_class = false;     // its gate reads the label: it is compared with nothing
  std::vector<double> metric;  // seed by seed, NaN where it is not measured yet
  Mean mean;                   // of the metric
  std::vector<Mean> columns;   // as study.columns
};

struct Comparison {
  std::string first, second;
  PairedDifference paired;  // first minus second, over the seeds that both have
  double holm_p = 1;        // NaN for the primary one, which is alone
};

struct Analysis {
  std::string name, metric;
  bool lower_is_better = true;
  std::vector<std::string> column_names;
  int64_t seeds = 0, first_seed = 0;
  int64_t planned = 0, finished = 0;  // runs
  std::vector<ArmMeans> arms;
  std::vector<Comparison> primary;  // one, or none for a study of one arm
  std::vector<Comparison> others;   // every other arm with the baseline, adjusted by Holm's method
  std::vector<std::string> devices, dates, versions;
};

// Throws UserError for rows of another study: an arm that this one does not have, two of one arm
// and seed, or none with the metric.
Analysis analyse(const StudyPlan& plan, const std::vector<StudyRow>& rows);

// What a comparison says in words: "lower", "higher", "within noise", "within noise once adjusted"
// for the number of arms, or "too few seeds".
std::string verdict(const Comparison& comparison);

}  // namespace moestro
