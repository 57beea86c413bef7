#include "moestro/report/run_table.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "moestro/report/escape.h"
#include "moestro/report/expert_table.h"
#include "moestro/report/finding.h"
#include "moestro/report/format.h"
#include "moestro/report/layer_text.h"

namespace moestro {
namespace {

constexpr const char* kNone = "–";

SummaryRecord summary_of(const RunRecord& run) {
  return run.summary.value_or(SummaryRecord{});
}

SpecialisationRecord split_of(const RunRecord& run) {
  return summary_of(run).specialisation.value_or(SpecialisationRecord{});
}

// Of all mixture layers together.
std::string layers_cell(const RunRecord& run) {
  int64_t experts = 0, used = 0;
  for (const MixtureName& layer : run.layers()) experts += layer.experts;
  if (experts == 0) return run.layer_experts() == 1 ? "dense" : kNone;
  if (!run.inspection) return fmt::format("– of {}", experts);
  for (const LayerRecord& layer : run.inspection->layers) used += layer.experts_used();
  return fmt::format("{} of {}", used, experts);
}

std::string experts_cell(const RunRecord& run) {
  if (run.is_transformer()) return layers_cell(run);
  const int64_t experts = run.experts();
  if (experts == 0) return "–";
  if (experts == 1) return "1";
  if (!run.summary || !run.summary->specialisation) return fmt::format("– of {}", experts);
  return fmt::format("{} of {}", run.summary->specialisation->experts_used, experts);
}

// Always: kept even where no run has it.
struct Column {
  const char* heading;
  bool always;
  std::string (*cell)(const RunRecord& run);
};

const Column kColumns[] = {
    {"arm", true, [](const RunRecord& run) { return run.name; }},
    {"test error", false,
     [](const RunRecord& run) {
       const bool rated = run.summary && run.task() != Task::translation;
       return rated ? run.error_text(run.summary->test.error) : std::string(kNone);
     }},
    {"BLEU", false, [](const RunRecord& run) { return fixed_text(summary_of(run).bleu); }},
    {"I(E;Y)", false,
     [](const RunRecord& run) { return fixed_text(split_of(run).mutual_information); }},
    {"H_s", false, [](const RunRecord& run) { return fixed_text(split_of(run).sample_entropy); }},
    {"H_u", false, [](const RunRecord& run) { return fixed_text(split_of(run).usage_entropy); }},
    {"experts used", true, experts_cell},
    {"parameters", true,
     [](const RunRecord& run) {
       return run.summary ? count_text(run.summary->parameters) : std::string(kNone);
     }},
    {"seconds", true, [](const RunRecord& run) { return fixed_text(summary_of(run).seconds, 1); }},
};

}  // namespace

RunRows run_rows(const std::vector<RunRecord>& runs) {
  RunRows rows;
  rows.cells.resize(runs.size());
  for (const Column& column : kColumns) {
    std::vector<std::string> cells;
    for (const RunRecord& run : runs) cells.push_back(column.cell(run));
    const auto is_none = [](const std::string& cell) { return cell == kNone; };
    if (!column.always && std::all_of(cells.begin(), cells.end(), is_none)) continue;
    rows.headings.push_back(column.heading);
    for (std::size_t i = 0; i < runs.size(); ++i) rows.cells[i].push_back(std::move(cells[i]));
  }
  return rows;
}

std::string run_table(const std::vector<RunRecord>& runs, Rules rules) {
  const RunRows rows = run_rows(runs);
  TextTable table;
  for (const std::string& heading : rows.headings)
    table.column(heading, heading == "arm" ? TextTable::Align::left : TextTable::Align::right);
  for (const auto& cells : rows.cells) table.row(cells);
  return table.str(rules);
}

std::string run_text(const RunRecord& run, Rules rules) {
  std::string text = fmt::format("{}\n\n{}", finding(run), run_table({run}, rules));
  if (run.inspection && run.inspection->experts > 1)
    text += fmt::format("\n{}", expert_table(*run.inspection, rules));
  if (run.inspection && !run.inspection->layers.empty())
    text += fmt::format("\n{}", layer_findings(*run.inspection));
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
