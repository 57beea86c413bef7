#include "moestro/report/run_table.h"

#include <fmt/format.h>

#include "moestro/report/escape.h"
#include "moestro/report/expert_table.h"
#include "moestro/report/finding.h"
#include "moestro/report/format.h"

namespace moestro {
namespace {

std::string experts_cell(const RunRecord& run) {
  const int64_t experts = run.experts();
  if (experts == 0) return "–";
  if (experts == 1) return "1";
  if (!run.summary || !run.summary->specialisation) return fmt::format("– of {}", experts);
  return fmt::format("{} of {}", run.summary->specialisation->experts_used, experts);
}

}  // namespace

const std::vector<std::string>& run_headings() {
  static const std::vector<std::string> headings = {"arm", "test error",   "I(E;Y)",     "H_s",
                                                    "H_u", "experts used", "parameters", "seconds"};
  return headings;
}

std::vector<std::string> run_cells(const RunRecord& run) {
  const SummaryRecord summary = run.summary.value_or(SummaryRecord{});
  const SpecialisationRecord split = summary.specialisation.value_or(SpecialisationRecord{});
  return {run.name,
          run.error_text(summary.test.error),
          fixed_text(split.mutual_information),
          fixed_text(split.sample_entropy),
          fixed_text(split.usage_entropy),
          experts_cell(run),
          run.summary ? count_text(summary.parameters) : "–",
          fixed_text(summary.seconds, 1)};
}

std::string run_table(const std::vector<RunRecord>& runs, Rules rules) {
  TextTable table;
  for (const std::string& heading : run_headings())
    table.column(heading, heading == "arm" ? TextTable::Align::left : TextTable::Align::right);
  for (const RunRecord& run : runs) table.row(run_cells(run));
  return table.str(rules);
}

std::string run_text(const RunRecord& run, Rules rules) {
  std::string text = fmt::format("{}\n\n{}", finding(run), run_table({run}, rules));
  if (run.inspection && run.inspection->experts > 1)
    text += fmt::format("\n{}", expert_table(*run.inspection, rules));
  return text;
}

std::string runs_text(const std::vector<RunRecord>& runs, const std::filesystem::path& page,
                      Rules rules) {
  std::string text = run_table(runs, rules);
  for (const RunRecord& run : runs)
    if (run.inspection && run.inspection->experts > 1)
      text += fmt::format("\n{}: what each expert learned\n{}", printable(run.name),
                          expert_table(*run.inspection, rules));
  return text + fmt::format("\nreport: {}\n", page.string());
}

}  // namespace moestro
