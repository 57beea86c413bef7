#include "moestro/report/student_section.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "moestro/report/escape.h"
#include "moestro/report/folded_layers.h"
#include "moestro/report/format.h"
#include "moestro/report/line_plot.h"
#include "moestro/report/page.h"
#include "moestro/report/student_scores.h"
#include "moestro/report/student_text.h"
#include "moestro/report/training_figures.h"

namespace moestro {
namespace {

std::string introduction(const RunRecord& run) {
  const StudentRecord& student = *run.summary->student;
  return fmt::format("<p>{} <code>{}</code>{}. {} {} {}</p>\n", origin_text(student),
                     escape_html(printable(student.teacher)), prose_html(seconds_text(student)),
                     prose_html(folding_text(run)), prose_html(distillation_text(run)),
                     prose_html(size_text(run)));
}

std::string scores_table(const RunRecord& run) {
  const NotedTable scores = student_scores(run);
  if (scores.rows.empty()) return {};
  return "<div>\n<h3>Before and after</h3>\n" + table_html(scores) + "</div>\n";
}

std::string error_figure(const RunRecord& run) {
  const StudentRecord& student = *run.summary->student;
  const TimeAxis time(run.metrics);
  std::vector<Point> learned =
      curve(run.metrics.epochs, time, [](const EpochRecord& epoch) { return epoch.valid.error; });
  const bool any = std::any_of(learned.begin(), learned.end(),
                               [](const Point& point) { return std::isfinite(point.y); });
  if (!student.is_held_out() || !any) return {};
  const double end = learned.back().x;
  learned.insert(learned.begin(), {0, student.folded.error});
  LinePlot plot;
  plot.title = capitalised("validation " + run.error_noun());
  plot.x_label = time.label;
  plot.y_style = run.error_style();
  if (run.task() == Task::translation) plot.note = "Each token given the true ones before it.";
  plot.series = {
      {begun_text(student),
       "faint dashed",
       {{0, student.folded.error}, {end, student.folded.error}}},
      {"the mixture", "soft dashed", {{0, student.mixture.error}, {end, student.mixture.error}}},
      {"the student", "ink", learned}};
  return line_plot(plot);
}

}  // namespace

std::string student_section(const RunRecord& run) {
  if (!run.summary || !run.summary->student) return {};
  const StudentRecord& student = *run.summary->student;
  return section_html(student.gather == "none" ? "Taught by a mixture" : "Folded from a mixture",
                      introduction(run) + figures_html(error_figure(run) + scores_table(run)) +
                          folded_layers(student.layers));
}

}  // namespace moestro
