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
constexpr int64_t kManyExperts = 10;                     // beyond it fewer pictures of each,
constexpr std::size_t kPictures = 12, kFewPictures = 6;  // so that the page stays small

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

std::string group_html(const std::string& name, const std::string& images) {
  return images.empty() ? "" : fmt::format("<div>{}<span>{}</span></div>", name, images);
}

// The pictures of one list, which begin at a place of the whole.
struct Pictures {
  const InspectionRecord& inspection;
  const Tensor& images;

  std::string at(const SampleRecord& sample, std::size_t place) const {
    return image_html(inspection, sample, images.select(0, static_cast<int64_t>(place)));
  }
  std::string list(const std::vector<SampleRecord>& samples, std::size_t begin,
                   std::size_t most) const {
    std::string out;
    for (std::size_t i = 0; i < std::min(samples.size(), most); ++i)
      out += at(samples[i], begin + i);
    return out;
  }
  // By class; all together for regression.
  std::string by_class(const std::vector<SampleRecord>& samples) const {
    if (inspection.classes.empty()) return group_html("samples", list(samples, 0, samples.size()));
    std::map<double, std::string> groups;
    for (std::size_t i = 0; i < samples.size(); ++i) groups[samples[i].label] += at(samples[i], i);
    std::string out;
    for (const auto& [label, html] : groups)
      out += group_html(escape_html(class_name(inspection, label)), html);
    return out;
  }
};

}  // namespace

std::string sample_images(const RunRecord& run, int64_t expert) {
  const auto e = static_cast<std::size_t>(expert);
  if (!run.inspection || e >= run.images.size() || !run.images[e].defined()) return {};
  const SamplesRecord& samples = run.inspection->samples[e];
  const Pictures pictures{*run.inspection, run.images[e]};
  const std::size_t most = run.inspection->experts <= kManyExperts ? kPictures : kFewPictures;
  const std::size_t drawn = samples.drawn.size(), typical = samples.most_typical.size();
  const std::string out =
      pictures.by_class(samples.drawn) +
      group_html("most typical", pictures.list(samples.most_typical, drawn, most)) +
      group_html("least typical", pictures.list(samples.least_typical, drawn + typical, most));
  return out.empty() ? "" : "<div class=\"samples\">" + out + "</div>\n";
}

}  // namespace moestro
