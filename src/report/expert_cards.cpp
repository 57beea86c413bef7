#include "moestro/report/expert_cards.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "moestro/report/escape.h"
#include "moestro/report/expert_table.h"
#include "moestro/report/format.h"
#include "moestro/report/palette.h"
#include "moestro/report/sample_images.h"

namespace moestro {
namespace {

constexpr std::size_t kMostNames = 12;

double entry(const std::vector<double>& numbers, std::size_t at) {
  return at < numbers.size() ? numbers[at] : kNotKnown;
}

std::string heading(const InspectionRecord& inspection, std::size_t e) {
  if (e < inspection.owns.size() && !inspection.owns[e].empty())
    return names_text(inspection.owns[e], kMostNames);
  return inspection.classes.empty() || inspection.experts == 1 ? "" : "owns no class";
}

std::string stat(const std::string& number, const std::string& name) {
  return number == "–" ? "" : fmt::format("<div><dt>{}</dt><dd>{}</dd></div>", name, number);
}

std::string stats(const RunRecord& run, std::size_t e) {
  const InspectionRecord& inspection = *run.inspection;
  const bool classes = run.has_classes();
  const auto score = [&](double value) {
    return classes ? percent_text(value, 1) : value_text(value);
  };
  return "<dl class=\"stats\">" + stat(percent_text(entry(inspection.usage, e), 1), "of samples") +
         stat(score(entry(inspection.own_accuracy, e)), classes ? "right on own" : "error on own") +
         stat(score(entry(inspection.accuracy, e)), classes ? "right on all" : "error on all") +
         stat(percent_text(entry(inspection.importance, e), 1), "gate mass") +
         stat(fixed_text(entry(inspection.specialisation, e)), "specialisation") + "</dl>\n";
}

std::string card(const RunRecord& run, std::size_t e) {
  return fmt::format("<article class=\"expert {}\">\n<h3><b>{}</b>{}</h3>\n{}{}</article>\n",
                     colour_class(static_cast<int64_t>(e)), e,
                     escape_html(heading(*run.inspection, e)), stats(run, e),
                     sample_images(run, static_cast<int64_t>(e)));
}

std::string idle_line(const std::vector<std::string>& idle) {
  if (idle.empty()) return {};
  if (idle.size() == 1)
    return fmt::format("<p class=\"quiet\">Expert {} gets no sample.</p>\n", idle.front());
  return fmt::format("<p class=\"quiet\">Experts {} get no sample.</p>\n", fmt::join(idle, ", "));
}

bool has_wrong_picture(const RunRecord& run) {
  if (run.images.empty() || run.inspection->classes.empty()) return false;
  const auto wrong = [](const std::vector<SampleRecord>& list) {
    return std::any_of(list.begin(), list.end(),
                       [](const SampleRecord& s) { return s.label != s.predicted; });
  };
  const auto& samples = run.inspection->samples;
  return std::any_of(samples.begin(), samples.end(), [&](const SamplesRecord& own) {
    return wrong(own.drawn) || wrong(own.most_typical) || wrong(own.least_typical);
  });
}

bool has_typical_pictures(const RunRecord& run) {
  const auto& samples = run.inspection->samples;
  return !run.images.empty() &&
         std::any_of(samples.begin(), samples.end(),
                     [](const SamplesRecord& own) { return !own.most_typical.empty(); });
}

}  // namespace

std::string expert_cards(const RunRecord& run) {
  if (!run.inspection) return {};
  std::string cards;
  std::vector<std::string> idle;
  for (std::size_t e = 0; e < static_cast<std::size_t>(run.inspection->experts); ++e) {
    if (entry(run.inspection->usage, e) == 0)
      idle.push_back(std::to_string(e));
    else
      cards += card(run, e);
  }
  std::string out = "<div class=\"experts\">\n" + cards + "</div>\n" + idle_line(idle);
  if (has_typical_pictures(run))
    out +=
        "<p class=\"quiet\">Most typical: the gate is surest of this expert. Least typical: its "
        "own "
        "by the narrowest choice.</p>\n";
  if (has_wrong_picture(run))
    out += "<p class=\"quiet\">Framed pictures: the mixture takes them for another class.</p>\n";
  return out;
}

}  // namespace moestro
