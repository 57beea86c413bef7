#include "moestro/report/inspection_text.h"

#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "moestro/report/expert_table.h"
#include "moestro/report/format.h"
#include "moestro/report/layer_text.h"
#include "moestro/report/right_table.h"
#include "moestro/report/wrapped.h"

namespace moestro {
namespace {

std::string legend(const InspectionRecord& inspection) {
  if (inspection.experts < 2) return {};
  std::string text =
      "samples: share of those whose most probable expert it is (it owns them);\n"
      "mass: mean probability of the gate";
  if (!inspection.specialisation.empty())
    text += ";\nindex: 1 for own samples of a single class, 0 as mixed as the whole set";
  return text + ".\n";
}

std::string layer_legend(const InspectionRecord& inspection) {
  std::string text =
      "choices: share of them that the expert gets; mass: mean probability of the gate";
  if (!inspection.layers.empty() && !inspection.layers.front().tokens.empty())
    text += ";\ntypical tokens: each with the share of its choices that the expert gets";
  return text + ".\n";
}

std::string part(const std::string& heading, const std::string& content) {
  return content.empty() ? "" : heading + "\n" + content;
}

}  // namespace

std::string inspection_text(const InspectionRecord& inspection, Rules rules) {
  if (inspection.experts == 0)
    return part("Mixture layers", layer_text(inspection, rules) + layer_legend(inspection));
  std::vector<std::string> parts;
  for (std::string text :
       {part("What each expert learned", expert_table(inspection, rules) + legend(inspection)),
        part("Samples of each class by their owner", class_table(inspection, rules)),
        part("Who would have been right: % of the samples of each owner, by each expert",
             right_table(inspection, rules)),
        part("What a better gate could reach", oracle_table(inspection, rules))})
    if (!text.empty()) parts.push_back(std::move(text));
  return fmt::format("{}", fmt::join(parts, "\n"));
}

std::string dense_text(const InspectionRecord& inspection, const RunRecord& run) {
  return wrapped(
      fmt::format("No mixture layers, hence no experts. On the {} rows of {}: {} {}, "
                  "loss {}.",
                  count_text(inspection.rows), inspection.set, run.error_noun(),
                  run.error_text(inspection.model_error), value_text(inspection.model_loss)));
}

}  // namespace moestro
