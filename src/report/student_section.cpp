#include "moestro/report/student_section.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "moestro/report/escape.h"
#include "moestro/report/folded_layers.h"
#include "moestro/report/format.h"
#include "moestro/report/line_plot.h"
#include "moestro/report/page.h"
#include "moestro/report/student_text.h"
#include "moestro/report/training_figures.h"

namespace moestro {
namespace {

std::string begun(const StudentRecord& student) {
  return student.gather == "none" ? "as drawn" : "as folded";
}

std::string introduction(const RunRecord& run) {
  const StudentRecord& student = *run.summary->student;
  const char* verb = student.gather == "none" ? "Taught by" : "Folded from";
  const std::string seconds = std::isfinite(student.fold_seconds) && student.gather != "none"
                                  ? fmt::format(" in {} s", value_text(student.fold_seconds, 2))
                                  : std::string();
  return fmt::format("<p>{} the mixture <code>{}</code>{}. {} {} {}</p>\n", verb,
                     escape_html(printable(student.teacher)), prose_html(seconds),
                     prose_html(folding_text(run)), prose_html(distillation_text(run)),
                     prose_html(size_text(run)));
}

std::string score_row(const RunRecord& run, const std::string& name, int64_t parameters,
                      const ScoresRecord& scores) {
  return fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td></tr>\n", name,
                     parameters > 0 ? count_text(parameters) : "–", run.error_text(scores.error),
                     value_text(scores.loss));
}

std::string scores_note(const StudentRecord& student) {
  if (student.is_held_out()) return {};
  return "<p class=\"quiet\">On training rows, which the mixture has learned and the fold was "
         "fitted to: nothing is held out.</p>\n";
}

std::string scores_table(const RunRecord& run) {
  const SummaryRecord& summary = *run.summary;
  const StudentRecord& student = *summary.student;
  const auto known = [](const ScoresRecord& scores) {
    return std::isfinite(scores.error) || std::isfinite(scores.loss);
  };
  if (!known(student.mixture) && !known(student.folded)) return {};
  std::string rows = score_row(run, "the mixture", student.teacher_parameters, student.mixture) +
                     score_row(run, begun(student), summary.parameters, student.folded);
  if (summary.epochs > 0 && student.is_held_out() && known(summary.valid))
    rows += score_row(run, "as trained", summary.parameters, summary.valid);
  const std::string prefix = student.is_held_out() ? "validation " : "";
  return fmt::format(
      "<div>\n<h3>Before and after</h3>\n<div class=\"scroll\">\n<table class=\"runs alone\">\n"
      "<thead><tr><th scope=\"col\"></th><th scope=\"col\">parameters</th><th scope=\"col\">{}{}"
      "</th><th scope=\"col\">{}loss</th></tr></thead>\n<tbody>\n{}</tbody>\n</table>\n</div>\n{}"
      "</div>\n",
      prefix, escape_html(run.error_noun()), prefix, rows, scores_note(student));
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
      {begun(student), "faint dashed", {{0, student.folded.error}, {end, student.folded.error}}},
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
