#include "moestro/report/split_figures.h"

#include <fmt/format.h>

#include "moestro/report/dot_plot.h"
#include "moestro/report/format.h"
#include "moestro/report/heat_map.h"
#include "moestro/report/matrix_map.h"
#include "moestro/report/palette.h"
#include "moestro/report/scatter_plot.h"

namespace moestro {
namespace {

double entry(const std::vector<double>& numbers, std::size_t at) {
  return at < numbers.size() ? numbers[at] : kNotKnown;
}

std::string expert_colour(std::size_t e) {
  return colour_class(static_cast<int64_t>(e));
}

std::string class_figure(const InspectionRecord& inspection) {
  if (inspection.class_by_expert.empty()) return {};
  HeatMap map;
  map.title = "Which expert takes which class";
  map.rows = inspection.classes;
  map.counts = inspection.class_by_expert;
  map.note = fmt::format(
      "Per cent of a class's samples ({} set) whose most probable expert this is. Classes in the "
      "order of the expert that takes most of them.",
      inspection.set);
  return heat_map(map);
}

std::string accuracy_figure(const InspectionRecord& inspection) {
  const bool classes = !inspection.classes.empty();
  DotPlot plot;
  plot.title = classes ? "Accuracy of each expert" : "Root mean squared error of each expert";
  plot.full_name = "on its own samples";
  plot.ring_name = "alone on all samples";
  plot.remark_name = "samples";
  plot.style = classes ? NumberStyle::percent : NumberStyle::plain;
  plot.whole_percent = classes;
  plot.note =
      "An expert that learned its part well is good on its own samples; how it does on the "
      "others shows how narrow that part is.";
  for (std::size_t e = 0; e < static_cast<std::size_t>(inspection.experts); ++e)
    plot.rows.push_back({fmt::format("expert {}", e), colour_class(static_cast<int64_t>(e)),
                         entry(inspection.own_accuracy, e), entry(inspection.accuracy, e),
                         percent_text(entry(inspection.usage, e), 1)});
  return dot_plot(plot);
}

std::string right_words(const InspectionRecord& inspection, std::size_t owner, std::size_t other) {
  const double share = inspection.right[owner][other];
  if (owner == other)
    return fmt::format("Expert {} answers {} of its own samples rightly", owner,
                       percent_text(share, 1));
  std::string words = fmt::format("Of the samples of expert {}, expert {} answers {} rightly",
                                  owner, other, percent_text(share, 1));
  if (owner < inspection.mistaken_owner.size())
    words += fmt::format("; {} that the owner gets wrong",
                         count_text(inspection.mistaken_owner[owner][other]));
  return words;
}

std::string right_figure(const InspectionRecord& inspection) {
  MatrixMap map;
  map.title = "Who would have been right";
  map.values = inspection.right;
  for (std::size_t owner = 0; owner < inspection.right.size(); ++owner) {
    const std::string number = std::to_string(owner), css = expert_colour(owner);
    map.rows.push_back({"samples of " + number, css});
    map.columns.push_back({number, css});
    auto& words = map.words.emplace_back();
    for (std::size_t other = 0; other < inspection.right.size(); ++other)
      words.push_back(right_words(inspection, owner, other));
  }
  map.note =
      "Per cent of the samples of each expert (rows) that each expert (columns) answers rightly.";
  if (inspection.oracle_accuracy == inspection.oracle_accuracy)
    map.note += fmt::format(" Some expert is right about {} of all samples; their owner about {}.",
                            percent_text(inspection.oracle_accuracy),
                            percent_text(inspection.owner_accuracy));
  return matrix_map(map);
}

std::string usage_figure(const InspectionRecord& inspection) {
  DotPlot plot;
  plot.title = "How much of the work each expert gets";
  plot.full_name = "share of samples";
  plot.ring_name = "gate mass";
  plot.style = NumberStyle::percent;
  plot.note =
      "The share of samples whose most probable expert it is, and its mean probability. Where the "
      "mass is larger, the expert often stands behind another one.";
  if (!inspection.specialisation.empty()) {
    plot.remark_name = "specialisation";
    plot.note +=
        " Specialisation: 1 for samples of a single class, 0 for the mixture of the whole set.";
  }
  for (std::size_t e = 0; e < static_cast<std::size_t>(inspection.experts); ++e)
    plot.rows.push_back(
        {fmt::format("expert {}", e), expert_colour(e), entry(inspection.usage, e),
         entry(inspection.importance, e),
         inspection.specialisation.empty() ? "" : fixed_text(entry(inspection.specialisation, e))});
  return dot_plot(plot);
}

std::string map_figure(const InspectionRecord& inspection) {
  if (!inspection.map) return {};
  const MapRecord& map = *inspection.map;
  ScatterPlot plot;
  plot.title = "Where the experts' samples lie";
  plot.note = fmt::format(
      "{} samples on the first two principal components of the inputs, {} and {} of their "
      "variance, in the colour of their most probable expert. Where colours part, the split "
      "follows what the inputs differ in most.",
      count_text(static_cast<int64_t>(map.x.size())), percent_text(map.share_x, 0),
      percent_text(map.share_y, 0));
  for (std::size_t e = 0; e < static_cast<std::size_t>(inspection.experts); ++e)
    plot.groups.push_back({fmt::format("expert {}", e), expert_colour(e)});
  for (std::size_t i = 0; i < map.x.size(); ++i) plot.points.push_back({map.x[i], map.y[i]});
  plot.group = map.expert;
  return scatter_plot(plot);
}

}  // namespace

std::string split_figures(const InspectionRecord& inspection) {
  if (inspection.experts < 2) return {};
  return class_figure(inspection) + right_figure(inspection) + usage_figure(inspection) +
         accuracy_figure(inspection) + map_figure(inspection);
}

}  // namespace moestro
