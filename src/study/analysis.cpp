#include "moestro/study/analysis.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "moestro/core/error.h"
#include "moestro/core/suggest.h"

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

void check_metric(const StudyConfig& study, const std::vector<StudyRow>& rows) {
  std::vector<std::string> names;
  for (const StudyRow& row : rows)
    for (const auto& [name, value] : row.figures)
      if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  const auto check = [&](const std::string& key, const std::string& wanted) {
    if (!rows.empty() && std::ranges::find(names, wanted) == names.end())
      throw UserError("{} = \"{}\": no run has it; expected one of {}{}", key, wanted,
                      joined(names), suggestion(wanted, names));
  };
  check("study.metric", study.metric);
}

}  // namespace

Analysis analyse(const StudyPlan& plan, const std::vector<StudyRow>& rows) {
  const StudyConfig& study = plan.study;
  check_metric(study, rows);
  Analysis analysis{plan.name,     study.metric, study.lower_is_better,
                    study.columns, study.seeds,  static_cast<int64_t>(plan.runs.size())};
  for (const auto& [arm, assignments] : study.arms) {
    ArmMeans means{arm, measured(study, rows, arm, study.metric), {}, {}};
    means.mean = mean_of(without_nan(means.metric));
    for (const std::string& column : study.columns)
      means.columns.push_back(mean_of(without_nan(measured(study, rows, arm, column))));
    analysis.finished += means.mean.count;
    analysis.arms.push_back(std::move(means));
  }
  if (study.primary.size() == 2)
    analysis.primary.push_back(compared(analysis.arms, study.primary[0], study.primary[1]));
  for (const auto& [arm, assignments] : study.arms) {
    const bool is_primary =
        study.primary.size() == 2 && arm == study.primary[0] && study.baseline == study.primary[1];
    if (arm != study.baseline && !is_primary && !study.baseline.empty())
      analysis.others.push_back(compared(analysis.arms, arm, study.baseline));
  }
  std::vector<double> p;
  for (const Comparison& other : analysis.others) p.push_back(other.paired.p);
  const std::vector<double> adjusted = holm(p);
  for (size_t i = 0; i < p.size(); ++i) analysis.others[i].holm_p = adjusted[i];

  std::set<std::string> devices, dates, versions;
  for (const StudyRow& row : rows) {
    devices.insert(row.device);
    dates.insert(row.date);
    versions.insert(row.version);
  }
  analysis.devices.assign(devices.begin(), devices.end());
  analysis.dates.assign(dates.begin(), dates.end());
  analysis.versions.assign(versions.begin(), versions.end());
  return analysis;
}

std::string verdict(const PairedDifference& paired) {
  if (paired.difference.count < 2) return "too few seeds";
  if (paired.within_noise()) return "within noise";
  return paired.difference.mean < 0 ? "lower" : "higher";
}

}  // namespace moestro
