#include "moestro/report/sample_images.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "moestro/report/escape.h"
#include "moestro/report/format.h"
#include "moestro/report/png.h"

namespace moestro {
namespace {

constexpr int64_t kMostPixels = 64;

Tensor small(const Tensor& image_CHW) {
  const int64_t longest = std::max(image_CHW.size(1), image_CHW.size(2));
  const int64_t every = (longest + kMostPixels - 1) / kMostPixels;
  return image_CHW.slice(1, 0, std::nullopt, every).slice(2, 0, std::nullopt, every);
}

std::string class_name(const InspectionRecord& inspection, double number) {
  return inspection.classes[static_cast<std::size_t>(number)];
}

std::string answer(const InspectionRecord& inspection, const SampleRecord& sample) {
  if (inspection.classes.empty())
    return fmt::format("{}, predicted {}", value_text(sample.label), value_text(sample.predicted));
  const std::string label = class_name(inspection, sample.label);
  if (sample.label == sample.predicted) return label;
  return fmt::format("{}, taken for {}", label, class_name(inspection, sample.predicted));
}

std::string description(const InspectionRecord& inspection, const SampleRecord& sample) {
  std::string text = fmt::format("Row {}: {}", count_text(sample.row), answer(inspection, sample));
  if (inspection.experts > 1 && std::isfinite(sample.probability))
    text +=
        fmt::format("; the gate chose this expert with {}", percent_text(sample.probability, 1));
  return text;
}

std::string image_html(const InspectionRecord& inspection, const SampleRecord& sample,
                       const Tensor& image_CHW) {
  const Tensor shown = small(image_CHW);
  const bool wrong = !inspection.classes.empty() && sample.label != sample.predicted;
  const std::string words = escape_html(description(inspection, sample));
  return fmt::format("<img{} src=\"{}\" width=\"{}\" height=\"{}\" alt=\"{}\" title=\"{}\"/>",
                     wrong ? " class=\"wrong\"" : "", png_data_uri(shown), shown.size(2),
                     shown.size(1), words, words);
}

}  // namespace

std::string sample_images(const RunRecord& run, int64_t expert) {
  const auto e = static_cast<std::size_t>(expert);
  if (!run.inspection || e >= run.images.size() || !run.images[e].defined()) return {};
  const std::vector<SampleRecord>& samples = run.inspection->samples[e];
  std::map<double, std::string> groups;  // by class; all together for regression
  const bool classes = !run.inspection->classes.empty();
  for (std::size_t i = 0; i < samples.size(); ++i)
    groups[classes ? samples[i].label : 0] +=
        image_html(*run.inspection, samples[i], run.images[e].select(0, static_cast<int64_t>(i)));
  if (groups.empty()) return {};
  std::string out = "<div class=\"samples\">";
  for (const auto& [label, images] : groups) {
    const std::string name = classes ? escape_html(class_name(*run.inspection, label)) : "samples";
    out += fmt::format("<div>{}<span>{}</span></div>", name, images);
  }
  return out + "</div>\n";
}

}  // namespace moestro
