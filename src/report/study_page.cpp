#include "moestro/report/study_page.h"

#include <cmath>

#include "moestro/report/dot_plot.h"
#include "moestro/report/escape.h"
#include "moestro/report/page.h"
#include "moestro/report/palette.h"
#include "moestro/report/study_tables.h"

namespace moestro {
namespace {

std::string table_html(const StudyTable& table) {
  std::string head, body;
  for (const std::string& heading : table.headings)
    head += fmt::format("<th scope=\"col\">{}</th>", prose_html(heading));
  for (const auto& row : table.rows) {
    body += fmt::format("<tr><th scope=\"row\">{}</th>", escape_html(row.front()));
    for (size_t i = 1; i < row.size(); ++i) body += fmt::format("<td>{}</td>", escape_html(row[i]));
    body += "</tr>\n";
  }
  return fmt::format(
      "<div class=\"scroll\">\n<table class=\"runs\">\n<thead><tr>{}</tr></thead>\n<tbody>\n{}"
      "</tbody>\n</table>\n</div>\n",
      head, body);
}

// Each arm's mean, and the ring at the upper end of its standard error.
std::string means_figure(const Analysis& analysis) {
  DotPlot plot;
  plot.title = figure_name(analysis.metric);
  plot.full_name = "mean over seeds";
  plot.ring_name = "one standard error above it";
  plot.remark_name = "seeds";
  for (size_t i = 0; i < analysis.arms.size(); ++i) {
    const ArmMeans& arm = analysis.arms[i];
    if (arm.mean.count > 0)
      plot.rows.push_back({arm.arm, colour_class(static_cast<int64_t>(i)), arm.mean.mean,
                           arm.mean.mean + arm.mean.error, fmt::format("{}", arm.mean.count)});
  }
  return dot_plot(plot);
}

std::string finding(const Analysis& analysis) {
  if (analysis.primary.empty()) return {};
  return fmt::format("<p class=\"finding\">{}</p>\n", prose_html(primary_sentence(analysis)));
}

std::string paragraph(const std::string& text) {
  return fmt::format("<p>{}</p>\n", prose_html(text));
}

}  // namespace

std::string study_page(const Analysis& analysis) {
  const std::string header =
      fmt::format("<header>\n<h1>{}</h1>\n{}{}</header>\n", escape_html(analysis.name),
                  finding(analysis), table_html(arms_table(analysis)));
  std::string primary, others;
  if (!analysis.primary.empty()) primary = table_html(primary_table(analysis));
  if (!analysis.others.empty())
    others = paragraph("p adjusted for the number of arms by Holm's method.") +
             table_html(others_table(analysis));
  return page_html(analysis.name + " · Moestro",
                   header + section_html("Every arm", figures_html(means_figure(analysis))) +
                       section_html("The primary comparison", primary) +
                       section_html("The other arms", others) +
                       section_html("How it was measured", paragraph(provenance(analysis))));
}

}  // namespace moestro
