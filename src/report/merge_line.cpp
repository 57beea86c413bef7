#include "merge_line.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "moestro/report/escape.h"
#include "moestro/report/figure.h"
#include "moestro/report/format.h"
#include "moestro/report/page.h"
#include "moestro/report/svg.h"

namespace moestro {
namespace {

constexpr double kWidth = 360, kLeft = 52, kRight = 352, kTop = 14, kRow = 20;
constexpr double kLeastRadius = 2.2, kMostRadius = 7;

int64_t steps_of_task(const ContinualRecord& run) {
  int64_t most = 1;
  for (const MergeEntry& merge : run.merges) most = std::max(most, merge.step);
  return most;
}

std::string words(const ContinualRecord& run, const MergeEntry& merge) {
  const auto task = static_cast<size_t>(merge.task);
  const std::string name =
      task < run.tasks.size() ? fmt::format(" {}", printable(run.tasks[task])) : std::string();
  return fmt::format(
      "task {}{}, step {}, layer {}: {} and {} into {}; cosine {} before, then chosen by {} of the "
      "samples",
      merge.task + 1, name, merge.step, merge.layer, merge.i, merge.j, merge.k,
      fixed_text(merge.cosine.value_or(kNotKnown)),
      percent_text(merge.later_share.value_or(kNotKnown), 0));
}

double radius(const MergeEntry& merge) {
  return kLeastRadius + (kMostRadius - kLeastRadius) *
                            std::sqrt(std::clamp(merge.later_share.value_or(0), 0., 1.));
}

std::string drawing(const ContinualRecord& run) {
  int64_t layers = 1, tasks = static_cast<int64_t>(run.tasks.size());
  for (const MergeEntry& merge : run.merges) {
    layers = std::max(layers, merge.layer + 1);
    tasks = std::max(tasks, merge.task + 1);
  }
  const double bottom = kTop + kRow * static_cast<double>(layers);
  const double width = (kRight - kLeft) / static_cast<double>(tasks);
  const auto steps = static_cast<double>(steps_of_task(run));
  Svg svg(kWidth, bottom + 18, "when experts were merged");
  for (int64_t t = 0; t <= tasks; ++t) {
    const double x = kLeft + width * static_cast<double>(t);
    svg.line({x, kTop}, {x, bottom}, "grid");
    if (t < tasks) svg.text({x + width / 2, bottom + 13}, std::to_string(t + 1), "mid");
  }
  for (int64_t l = 0; l < layers; ++l) {
    const double y = kTop + kRow * (static_cast<double>(l) + .5);
    svg.line({kLeft, y}, {kRight, y}, "grid");
    svg.text({kLeft - 6, y + 3.5}, fmt::format("layer {}", l), "end");
  }
  for (const MergeEntry& merge : run.merges)
    svg.circle({kLeft + width * (static_cast<double>(merge.task) +
                                 static_cast<double>(merge.step) / (steps * 1.08)),
                kTop + kRow * (static_cast<double>(merge.layer) + .5)},
               radius(merge), "fill c0", words(run, merge));
  return svg.str();
}

double mean_of(const std::vector<MergeEntry>& merges, std::optional<double> MergeEntry::*figure) {
  double sum = 0, count = 0;
  for (const MergeEntry& merge : merges)
    if (merge.*figure) sum += *(merge.*figure), ++count;
  return count > 0 ? sum / count : kNotKnown;
}

}  // namespace

std::string merge_line(const ContinualRecord& run) {
  if (run.merges.empty()) return {};
  const std::string sentence = fmt::format(
      "{} merges. Their experts i and j had a cosine of {} on average before; the one that was "
      "overwritten was then chosen by {} of the samples until it was overwritten again or the task "
      "ended.",
      run.merges.size(), fixed_text(mean_of(run.merges, &MergeEntry::cosine)),
      percent_text(mean_of(run.merges, &MergeEntry::later_share), 1));
  return "<p>" + prose_html(sentence) + "</p>\n" +
         figures_html(figure_html({"Merges, by task",
                                   {},
                                   "A dot a merge, the larger the more samples chose the merged "
                                   "expert afterwards. Point "
                                   "at one to read which experts they were."},
                                  drawing(run)));
}

}  // namespace moestro
