#include "moestro/report/continual_page.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "merge_line.h"
#include "moestro/core/progress.h"
#include "moestro/report/escape.h"
#include "moestro/report/format.h"
#include "moestro/report/matrix_map.h"
#include "moestro/report/page.h"

namespace moestro {
namespace {

double mean_of(const ContinualWayRecord& way, const std::string& key) {
  const auto& measures = continual_measures();
  const auto found = std::ranges::find(measures, key, &ContinualMeasureName::key);
  return way.means[static_cast<size_t>(found - measures.begin())];
}

// One task has nothing to forget.
std::string forgotten(double share) {
  if (!std::isfinite(share)) return {};
  return fmt::format(" ({} points {} since a task was learned)", percent_or_none(std::abs(share)),
                     share < 0 ? "gained" : "forgotten");
}

std::string finding(const ContinualRecord& run) {
  if (!run.is_finished()) return "The stream is not at its end yet.";
  const auto tasks = static_cast<int64_t>(run.tasks.size());
  return fmt::format(
      "{}, {} merges: at the end {} % of the {} rows right where their task is known{}, {} % where "
      "it is chosen row by row.",
      capitalised(counted(number_word(tasks), tasks, "task")), run.merges.size(),
      percent_or_none(mean_of(run.ways[0], "last")), run.rows == "valid" ? "held-out" : "test",
      forgotten(mean_of(run.ways[0], "forgetting_from_first")),
      percent_or_none(mean_of(run.ways[1], "last")));
}

// "6 to 8"
std::string range_text(const std::vector<int64_t>& counts) {
  const auto [low, high] = std::ranges::minmax(counts);
  return low == high ? std::to_string(low) : fmt::format("{} to {}", low, high);
}

std::string matrix_figure(const ContinualRecord& run, const ContinualWayRecord& way) {
  MatrixMap map;
  map.title = "Accuracy, " + way.name;
  map.note =
      "A row a moment: before any training, then after each task. A column a task, in the "
      "same order. In per cent.";
  map.coloured = false;
  for (size_t i = 0; i < way.accuracy_ST.size(); ++i)
    map.rows.push_back({i == 0 ? "untouched" : fmt::format("{} {}", i, run.tasks[i - 1]), "ink"});
  for (size_t j = 0; j < run.tasks.size(); ++j)
    map.columns.push_back({std::to_string(j + 1), "ink"});
  map.values = way.accuracy_ST;
  for (size_t i = 0; i < map.values.size(); ++i) {
    map.words.emplace_back();
    for (size_t j = 0; j < map.values[i].size(); ++j)
      map.words.back().push_back(
          fmt::format("{}, {}: {} %", run.tasks[j],
                      i == 0 ? "before any training" : "after " + run.tasks[i - 1],
                      percent_or_none(map.values[i][j])));
  }
  return matrix_map(map);
}

std::string measures_table(const ContinualRecord& run) {
  std::string head = "<th scope=\"col\"></th>", body;
  for (const ContinualWayRecord& way : run.ways)
    head += fmt::format("<th scope=\"col\">{}, %</th>", escape_html(way.name));
  for (size_t m = 0; m < continual_measures().size(); ++m) {
    const ContinualMeasureName& measure = continual_measures()[m];
    body += fmt::format("<tr><th scope=\"row\">{}<br/><small class=\"quiet\">{}</small></th>",
                        escape_html(measure.name), escape_html(measure.formula));
    for (const ContinualWayRecord& way : run.ways)
      body += fmt::format("<td>{}</td>", way.measure_text(m));
    body += "</tr>\n";
  }
  return fmt::format(
      "<div class=\"scroll\">\n<table class=\"runs alone\">\n<thead><tr>{}</tr></thead>\n<tbody>\n"
      "{}</tbody>\n</table>\n</div>\n<p class=\"quiet\">A[i][j]: accuracy on task j after learning "
      "task i of T; A[0][j]: before any training. In brackets: of balanced accuracy, where every "
      "class counts alike.</p>\n",
      head, body);
}

std::string facts(const ContinualRecord& run) {
  std::string rows;
  const auto add = [&](const std::string& name, const std::string& value) {
    if (!value.empty())
      rows += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", escape_html(name),
                          escape_html(value));
  };
  if (run.is_finished()) {
    add("Parameters that were learned", count_text(run.parameters));
    add("Training steps took", duration_text(run.seconds));
    if (!run.experts.empty())
      add("Experts a layer",
          fmt::format("{}, of these frozen {}", range_text(run.experts), range_text(run.frozen)));
  }
  add("Seed", std::to_string(run.manifest.seed));
  add("Device", run.manifest.device);
  add("Status", std::string(run_status_name(run.manifest.status)));
  add("Started", run.manifest.started);
  add("Ended", run.manifest.finished);
  return fmt::format(
      "<table class=\"facts\">\n{}</table>\n<details>\n<summary>Recipe</summary>\n<pre>{}</pre>\n"
      "</details>\n",
      rows, escape_html(run.recipe));
}

}  // namespace

std::string continual_page(const ContinualRecord& run) {
  std::string body = fmt::format("<header>\n<h1>{}</h1>\n<p class=\"finding\">{}</p>\n</header>\n",
                                 escape_html(run.name), prose_html(finding(run)));
  if (run.is_finished()) {
    body += section_html(
        "What it knew after each task",
        figures_html(matrix_figure(run, run.ways[0]) + matrix_figure(run, run.ways[1])) +
            measures_table(run));
  }
  body += section_html("Merges", merge_line(run));
  body += section_html("The run", facts(run));
  return page_html(run.name, body);
}

}  // namespace moestro
