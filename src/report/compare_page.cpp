#include "moestro/report/compare_page.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "moestro/core/error.h"
#include "moestro/report/dot_plot.h"
#include "moestro/report/escape.h"
#include "moestro/report/format.h"
#include "moestro/report/line_plot.h"
#include "moestro/report/page.h"
#include "moestro/report/palette.h"
#include "moestro/report/run_table.h"
#include "moestro/report/split_stability.h"
#include "moestro/report/training_figures.h"

namespace moestro {
namespace {

bool is_rated(const RunRecord& run) {
  return run.summary && std::isfinite(run.summary->test.error);
}

// Errors of classes, of values and of translations cannot be compared.
bool all_of_one_kind(const std::vector<RunRecord>& runs) {
  return std::all_of(runs.begin(), runs.end(),
                     [&](const RunRecord& run) { return run.task() == runs.front().task(); });
}

const RunRecord* best_of(const std::vector<RunRecord>& runs) {
  const RunRecord* best = nullptr;
  for (const RunRecord& run : runs)
    if (is_rated(run) && (!best || run.summary->test.error < best->summary->test.error))
      best = &run;
  return all_of_one_kind(runs) ? best : nullptr;
}

std::string comparison(const std::vector<RunRecord>& runs) {
  const auto count = static_cast<int64_t>(runs.size());
  const std::string begin = capitalised(counted(number_word(count), count, "run"));
  const RunRecord* best = best_of(runs);
  if (!best) return begin + ".";
  if (best->task() == Task::translation)
    return fmt::format("{}: {} has the highest BLEU, {}.", begin, best->name,
                       fixed_text(best->summary->bleu));
  return fmt::format("{}: {} has the lowest test error, {}.", begin, best->name,
                     best->error_text(best->summary->test.error));
}

// Ten colours, then the same ones with dashes.
std::string run_css(std::size_t i) {
  const auto number = static_cast<int64_t>(i);
  return colour_class(number) + (number / kPaletteSize % 2 == 1 ? " dashed" : "");
}

std::string header_row(const std::vector<std::string>& headings) {
  std::string cells;
  for (const std::string& heading : headings)
    cells +=
        fmt::format("<th scope=\"col\">{}</th>", heading == "arm" ? "run" : prose_html(heading));
  return "<thead><tr>" + cells + "</tr></thead>\n";
}

std::string run_row(const RunRecord& run, const std::vector<std::string>& texts, std::size_t i,
                    bool best) {
  const std::string name = escape_html(run.name);
  std::string cells =
      fmt::format("<th scope=\"row\"><i class=\"{}\"></i><a href=\"{}/report.html\">{}</a></th>",
                  colour_class(static_cast<int64_t>(i)), url_part(run.name), name);
  for (std::size_t column = 1; column < texts.size(); ++column)
    cells += fmt::format("<td{}>{}</td>", best && column == 1 ? " class=\"best\"" : "",
                         escape_html(texts[column]));
  return "<tr>" + cells + "</tr>\n";
}

std::string runs_table(const std::vector<RunRecord>& runs) {
  const RunRecord* best = best_of(runs);
  const RunRows table = run_rows(runs);
  std::string rows;
  for (std::size_t i = 0; i < runs.size(); ++i)
    rows += run_row(runs[i], table.cells[i], i, &runs[i] == best);
  return "<div class=\"scroll\">\n<table class=\"runs\">\n" + header_row(table.headings) +
         "<tbody>\n" + rows + "</tbody>\n</table>\n</div>\n";
}

template <typename Value>
LinePlot overlay(const std::vector<RunRecord>& runs, const std::string& title, Value value) {
  LinePlot plot;
  plot.title = title;
  plot.x_label = "epoch";
  for (std::size_t i = 0; i < runs.size(); ++i)
    if (!runs[i].metrics.epochs.empty())
      plot.series.push_back({runs[i].name, run_css(i),
                             curve(runs[i].metrics.epochs, TimeAxis(runs[i].metrics), value)});
  return plot;
}

// Where a student began; NaN for other runs, and where nothing is held out.
double folded_error(const RunRecord& run) {
  if (!run.summary || !run.summary->student) return kNotKnown;
  const StudentRecord& student = *run.summary->student;
  return student.is_held_out() && student.gather != "none" ? student.folded.error : kNotKnown;
}

// Students begin at their error as folded: a point alone where nothing was trained since.
LinePlot validation_plot(const std::vector<RunRecord>& runs) {
  LinePlot plot;
  plot.title = "Validation " + runs.front().error_noun();
  plot.x_label = "epoch";
  bool any = false;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    std::vector<Point> points = curve(runs[i].metrics.epochs, TimeAxis(runs[i].metrics),
                                      [](const EpochRecord& epoch) { return epoch.valid.error; });
    any = any || !points.empty();
    if (std::isfinite(folded_error(runs[i])))
      points.insert(points.begin(), {0, folded_error(runs[i])});
    if (!points.empty()) plot.series.push_back({runs[i].name, run_css(i), std::move(points)});
  }
  if (!any) plot.series.clear();
  return plot;
}

std::string error_figures(const std::vector<RunRecord>& runs) {
  if (!all_of_one_kind(runs)) return {};
  const std::string noun = runs.front().error_noun();
  LinePlot valid = validation_plot(runs);
  LinePlot train =
      overlay(runs, "Training " + noun, [](const EpochRecord& epoch) { return epoch.train.error; });
  for (LinePlot* plot : {&valid, &train}) plot->y_style = runs.front().error_style();
  return line_plot(valid) + line_plot(train);
}

std::string information_figure(const std::vector<RunRecord>& runs) {
  DotPlot plot;
  plot.title = "What the expert tells about the class, bits";
  plot.full_name = "I(E;Y)";
  plot.ring_name = "entropy of the usage";
  plot.remark_name = "test error";
  plot.note =
      "I(E;Y) of the test set beside H_u: an expert cannot tell more than its choice holds.";
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (!runs[i].summary || !runs[i].summary->specialisation) continue;
    const SpecialisationRecord& split = *runs[i].summary->specialisation;
    if (std::isfinite(split.mutual_information))
      plot.rows.push_back({runs[i].name, colour_class(static_cast<int64_t>(i)),
                           split.mutual_information, split.usage_entropy,
                           runs[i].error_text(runs[i].summary->test.error)});
  }
  return dot_plot(plot);
}

std::string students_figure(const std::vector<RunRecord>& runs) {
  if (!all_of_one_kind(runs)) return {};
  DotPlot plot;
  plot.title = capitalised("validation " + runs.front().error_noun() + " of folded mixtures");
  plot.full_name = "at the end";
  plot.ring_name = "as folded";
  plot.remark_name = "parameters";
  plot.style = runs.front().error_style();
  for (std::size_t i = 0; i < runs.size(); ++i)
    if (std::isfinite(folded_error(runs[i])))
      plot.rows.push_back({runs[i].name, colour_class(static_cast<int64_t>(i)),
                           runs[i].summary->epochs > 0 ? runs[i].summary->valid.error : kNotKnown,
                           folded_error(runs[i]), count_text(runs[i].summary->parameters)});
  return dot_plot(plot);
}

std::string curves(const std::vector<RunRecord>& runs) {
  return error_figures(runs) +
         line_plot(overlay(runs, "Training loss",
                           [](const EpochRecord& epoch) { return epoch.train.loss; })) +
         line_plot(overlay(runs, "H_s: how much the gate hesitates, bits",
                           [](const EpochRecord& epoch) { return epoch.sample_entropy; })) +
         line_plot(overlay(runs, "H_u: how evenly experts are used, bits",
                           [](const EpochRecord& epoch) { return epoch.usage_entropy; }));
}

}  // namespace

std::string compare_page(const std::string& title, const std::vector<RunRecord>& runs) {
  MOESTRO_CHECK(!runs.empty(), "a comparison of no runs");
  const std::string header =
      fmt::format("<header>\n<h1>{}</h1>\n<p class=\"finding\">{}</p>\n{}</header>\n",
                  escape_html(title), prose_html(comparison(runs)), runs_table(runs));
  return page_html(
      title + " · Moestro",
      header +
          section_html("How they split the work",
                       figures_html(information_figure(runs) + split_stability(runs))) +
          section_html("Folded from mixtures", figures_html(students_figure(runs))) +
          section_html("How they trained", figures_html(curves(runs))));
}

}  // namespace moestro
