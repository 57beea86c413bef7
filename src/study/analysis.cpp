#include "moestro/study/analysis.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "moestro/core/error.h"

namespace moestro {
namespace {

// Seed by seed, NaN where there is no row.
std::vector<double> measured(const StudyConfig& study, const std::vector<StudyRow>& rows,
                             const std::string& arm, const std::string& figure) {
  std::vector<double> values(study.seeds, std::nan(""));
  for (const StudyRow& row : rows) {
    const int64_t i = row.seed - study.first_seed;
    if (row.arm == arm && i >= 0 && i < study.seeds) values[i] = row.figure(figure);
  }
  return values;
}

std::vector<double> without_nan(std::vector<double> values) {
  std::erase_if(values, [](double value) { return std::isnan(value); });
  return values;
}

Comparison compared(const std::vector<ArmMeans>& arms, const std::string& first,
                    const std::string& second) {
  const auto find = [&](const std::string& name) {
    return std::ranges::find(arms, name, &ArmMeans::arm);
  };
  const auto a = find(first), b = find(second);
  std::vector<double> differences;
  for (size_t i = 0; i < a->metric.size(); ++i) differences.push_back(a->metric[i] - b->metric[i]);
  return {first, second, paired_difference(without_nan(differences)), std::nan("")};
}

void check_rows(const StudyPlan& plan, const std::vector<StudyRow>& rows) {
  const std::string& metric = plan.study.metric;
  const bool measured = std::ranges::any_of(
      rows, [&](const StudyRow& row) { return !std::isnan(row.figure(metric)); });
  if (!rows.empty() && !measured)
    throw UserError("no results have {}; expected rows with what {} compares", metric, plan.name);
  std::set<std::pair<std::string, int64_t>> seen;
  for (const StudyRow& row : rows) {
    if (std::ranges::find(plan.study.arms, row.arm, [](const auto& arm) { return arm.first; }) ==
        plan.study.arms.end())
      throw UserError(
          "results of an arm \"{}\", which {} does not have; expected those of this study", row.arm,
          plan.name);
    if (!seen.emplace(row.arm, row.seed).second)
      throw UserError("results of arm \"{}\" with seed {} twice; expected one row a run", row.arm,
                      row.seed);
  }
}

bool planned(const StudyConfig& study, const StudyRow& row) {
  return row.seed >= study.first_seed && row.seed < study.first_seed + study.seeds;
}

bool told_class(const StudyPlan& plan, const std::string& arm) {
  const auto run = std::ranges::find(plan.runs, arm, &PlannedRun::arm);
  return run != plan.runs.end() && run->told_class;
}

// Every arm with the baseline, but for the primary comparison and who cannot be compared.
void compare_others(Analysis& analysis, const StudyPlan& plan) {
  const StudyConfig& study = plan.study;
  for (const auto& [arm, assignments] : study.arms) {
    const auto in_primary = [&](const std::string& name) {
      return std::ranges::find(study.primary, name) != study.primary.end();
    };
    const bool is_primary = in_primary(arm) && in_primary(study.baseline);
    if (arm != study.baseline && !is_primary && !study.baseline.empty() && !told_class(plan, arm))
      analysis.others.push_back(compared(analysis.arms, arm, study.baseline));
  }
  std::vector<double> p;
  for (const Comparison& other : analysis.others) p.push_back(other.paired.p);
  const std::vector<double> adjusted = holm(p);
  for (size_t i = 0; i < p.size(); ++i) analysis.others[i].holm_p = adjusted[i];
}

// What was measured on what, and when.
void add_origins(Analysis& analysis, const StudyConfig& study, const std::vector<StudyRow>& rows) {
  std::set<std::string> devices, dates, versions;
  for (const StudyRow& row : rows) {
    if (!planned(study, row)) continue;
    ++analysis.finished;
    devices.insert(row.device);
    dates.insert(row.date);
    versions.insert(row.version);
  }
  analysis.devices.assign(devices.begin(), devices.end());
  analysis.dates.assign(dates.begin(), dates.end());
  analysis.versions.assign(versions.begin(), versions.end());
}

}  // namespace

Analysis analyse(const StudyPlan& plan, const std::vector<StudyRow>& rows) {
  const StudyConfig& study = plan.study;
  check_rows(plan, rows);
  Analysis analysis{.name = plan.name,
                    .metric = study.metric,
                    .lower_is_better = study.lower_is_better,
                    .column_names = study.columns,
                    .seeds = study.seeds,
                    .first_seed = study.first_seed,
                    .planned = std::ssize(plan.runs)};
  for (const auto& [arm, assignments] : study.arms) {
    ArmMeans means{arm, told_class(plan, arm), measured(study, rows, arm, study.metric), {}, {}};
    means.mean = mean_of(without_nan(means.metric));
    for (const std::string& column : study.columns)
      means.columns.push_back(mean_of(without_nan(measured(study, rows, arm, column))));
    analysis.arms.push_back(std::move(means));
  }
  if (study.primary.size() == 2)
    analysis.primary.push_back(compared(analysis.arms, study.primary[0], study.primary[1]));
  compare_others(analysis, plan);
  add_origins(analysis, study, rows);
  return analysis;
}

std::string verdict(const Comparison& comparison) {
  const PairedDifference& paired = comparison.paired;
  if (paired.difference.count < 2) return "too few seeds";
  if (paired.within_noise()) return "within noise";
  if (comparison.holm_p > .05) return "within noise once adjusted";
  return paired.difference.mean < 0 ? "lower" : "higher";
}

}  // namespace moestro
