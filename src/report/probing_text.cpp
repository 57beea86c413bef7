#include "moestro/report/probing_text.h"

#include <cmath>

#include <fmt/format.h>

#include "moestro/report/escape.h"
#include "moestro/report/format.h"
#include "moestro/report/probing_table.h"

namespace moestro {
namespace {

std::string text_of(const ProbingTable& table, Rules rules) {
  TextTable text;
  for (const std::string& heading : table.headings) text.column(heading, TextTable::Align::right);
  for (const auto& row : table.rows) text.row(row);
  return text.str(rules);
}

std::string heading_of(const ProbingRecord& probing, bool classes) {
  const char* what = classes ? "% of answers that are wrong" : "root mean squared error";
  if (probing.partition.empty()) return fmt::format("Each expert alone: {}\n", what);
  return fmt::format("Each expert alone, on the parts of {}: {}\n", printable(probing.partition),
                     what);
}

// What the table has no column for.
std::string totals(const ProbingRecord& probing, bool classes) {
  std::string text;
  if (classes)
    text += fmt::format(
        "routing accuracy: {} of the samples that some expert has right\n"
        "oracle: {} of the samples are beyond all experts\n"
        "agreement: two experts say the same of {} of the samples\n",
        percent_text(probing.routing_accuracy), percent_text(probing.oracle_error),
        percent_text(probing.agreement));
  else
    text += fmt::format("oracle: {} with the best expert for each sample\n",
                        value_text(probing.oracle_error));
  return text + fmt::format("disagreement: V = {} beside a mean square of {} of the outputs\n",
                            value_text(probing.disagreement), value_text(probing.output_square));
}

std::string part_of(const ProbingRecord& probing, bool classes, Rules rules) {
  return heading_of(probing, classes) + text_of(probing_table(probing, classes), rules) +
         totals(probing, classes);
}

std::string part_of(const LayerRecord& layer, Rules rules) {
  return fmt::format("{}\n{}", printable(layer.layer),
                     text_of(layer_probing_table(*layer.probing), rules));
}

}  // namespace

std::string probing_text(const InspectionRecord& inspection, Rules rules) {
  const bool classes = !inspection.classes.empty();
  std::string text;
  if (inspection.probing) text += part_of(*inspection.probing, classes, rules);
  if (inspection.partition) {
    text += '\n';
    text += part_of(*inspection.partition, classes, rules);
  }
  for (const LayerRecord& layer : inspection.layers)
    if (layer.probing)
      text += (text.empty() ? "Each expert for all rows of its layer, the other layers as trained\n"
                            : "\n") +
              part_of(layer, rules);
  return text;
}

}  // namespace moestro
