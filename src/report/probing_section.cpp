#include "moestro/report/probing_section.h"

#include <fmt/format.h>

#include "moestro/report/escape.h"
#include "moestro/report/format.h"
#include "moestro/report/page.h"
#include "moestro/report/palette.h"
#include "moestro/report/probing_table.h"

namespace moestro {
namespace {

std::string header_row(const ProbingTable& table) {
  std::string cells;
  for (const std::string& heading : table.headings)
    cells += fmt::format("<th scope=\"col\">{}</th>", escape_html(heading));
  return "<thead><tr>" + cells + "</tr></thead>\n";
}

// The last row is of no expert and has no colour.
std::string body_row(const ProbingTable& table, std::size_t e) {
  const bool last = e + 1 == table.rows.size();
  std::string cells = fmt::format(
      "<th scope=\"row\">{}{}</th>",
      last ? "" : fmt::format("<i class=\"{}\"></i>", colour_class(static_cast<int64_t>(e))),
      table.rows[e].front());
  for (std::size_t i = 1; i < table.rows[e].size(); ++i)
    cells += fmt::format("<td>{}</td>", escape_html(table.rows[e][i]));
  return "<tr>" + cells + "</tr>\n";
}

std::string table_html(const ProbingTable& table) {
  std::string rows;
  for (std::size_t e = 0; e < table.rows.size(); ++e) rows += body_row(table, e);
  return "<div class=\"scroll\">\n<table class=\"runs alone\">\n" + header_row(table) +
         "<tbody>\n" + rows + "</tbody>\n</table>\n</div>\n";
}

std::string note(const ProbingRecord& probing, bool classes) {
  std::string text =
      "Share: of the samples, those whose most probable expert it is. Own, others', all: ";
  text += classes ? "per cent of these that the expert alone gets wrong."
                  : "root mean squared error of the expert alone on these.";
  if (classes)
    text += fmt::format(" Two experts say the same of {} of the samples.",
                        percent_text(probing.agreement, 1));
  return text + fmt::format(
                    " Their outputs lie V = {} apart (mean squared distance from their mean) "
                    "beside a mean square of {}.",
                    value_text(probing.disagreement), value_text(probing.output_square));
}

}  // namespace

std::string probing_section(const InspectionRecord& inspection) {
  if (!inspection.probing) return {};
  const ProbingRecord& probing = *inspection.probing;
  const bool classes = !inspection.classes.empty();
  std::string body = fmt::format(
      "<p>{}</p>\n{}<p class=\"quiet\">{}</p>\n", prose_html(probing_finding(probing, classes)),
      table_html(probing_table(probing, classes)), prose_html(note(probing, classes)));
  if (inspection.partition)
    body +=
        fmt::format("<h3>On the parts of {}</h3>\n{}", escape_html(inspection.partition->partition),
                    table_html(probing_table(*inspection.partition, classes)));
  return section_html("Each expert alone", body);
}

std::string layer_probing_html(const LayerRecord& layer) {
  if (!layer.probing) return {};
  std::string note =
      "Loss and error of the model's answers when all rows of this layer go to one expert, while "
      "the other layers route as trained; below, the model left to itself.";
  if (!layer.probing->share.empty())
    note += " An expert's own answers are those for which the layer gives it the largest weight.";
  return fmt::format("<div>\n<h3>Each expert alone</h3>\n{}<p class=\"quiet\">{}</p>\n</div>\n",
                     table_html(layer_probing_table(*layer.probing)), prose_html(note));
}

}  // namespace moestro
