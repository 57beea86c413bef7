#include "moestro/report/split_stability.h"

#include <algorithm>

#include <fmt/format.h>

#include "moestro/report/format.h"
#include "moestro/report/matrix_map.h"
#include "moestro/report/palette.h"

namespace moestro {
namespace {

constexpr std::size_t kMostRuns = 24;

struct Group {
  std::vector<std::size_t> members;  // places among the runs
  std::size_t left_out = 0;
};

std::vector<Group> groups_of(const std::vector<RunRecord>& runs) {
  std::vector<Group> groups;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (!runs[i].owners || runs[i].owners->experts < 2) continue;
    const auto same = std::find_if(groups.begin(), groups.end(), [&](const Group& group) {
      return comparable(*runs[group.members.front()].owners, *runs[i].owners);
    });
    Group& group = same == groups.end() ? groups.emplace_back() : *same;
    if (group.members.size() < kMostRuns)
      group.members.push_back(i);
    else
      ++group.left_out;
  }
  return groups;
}

std::vector<std::vector<double>> agreement(const std::vector<RunRecord>& runs,
                                           const std::vector<std::size_t>& members) {
  std::vector<const Owners*> splits;
  for (const std::size_t member : members) splits.push_back(&*runs[member].owners);
  return split_agreement(splits);
}

double mean_of_pairs(const std::vector<std::vector<double>>& values) {
  double sum = 0, pairs = 0;
  for (std::size_t i = 0; i < values.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      sum += values[i][j];
      ++pairs;
    }
  return sum / pairs;
}

std::string note(const Group& group, int64_t rows, double mean) {
  std::string text = fmt::format(
      "Adjusted mutual information between the splits of the {} test rows by their most probable "
      "expert: 1 is the same split whatever the experts are called, 0 what chance gives. Mean of "
      "the pairs: {}.",
      count_text(rows), fixed_text(mean));
  if (group.left_out > 0)
    text += fmt::format(" {} more runs on these rows are left out.",
                        capitalised(number_word(static_cast<int64_t>(group.left_out))));
  return text;
}

std::string figure_of(const std::vector<RunRecord>& runs, const Group& group,
                      const std::string& title) {
  MatrixMap map;
  map.title = title;
  map.style = NumberStyle::plain;
  map.coloured = false;
  map.values = agreement(runs, group.members);
  for (std::size_t i = 0; i < group.members.size(); ++i) {
    const std::string css = colour_class(static_cast<int64_t>(group.members[i]));
    map.rows.push_back({runs[group.members[i]].name, css});
    map.columns.push_back({"", css});
    auto& words = map.words.emplace_back();
    for (std::size_t j = 0; j < group.members.size(); ++j)
      words.push_back(fmt::format("{} and {}: {}", runs[group.members[i]].name,
                                  runs[group.members[j]].name, fixed_text(map.values[i][j], 3)));
  }
  map.note =
      note(group, runs[group.members.front()].owners->expert_N.size(0), mean_of_pairs(map.values));
  return matrix_map(map);
}

std::string title_of(const RunRecord& run, bool several) {
  const std::string title = "Do the runs split alike?";
  return several && run.summary ? fmt::format("{} ({})", title, run.summary->data) : title;
}

}  // namespace

std::string split_stability(const std::vector<RunRecord>& runs) {
  std::vector<Group> groups = groups_of(runs);
  std::erase_if(groups, [](const Group& group) { return group.members.size() < 2; });
  std::string figures;
  for (const Group& group : groups)
    figures += figure_of(runs, group, title_of(runs[group.members.front()], groups.size() > 1));
  return figures;
}

}  // namespace moestro
