#include "moestro/report/probing_table.h"

#include <cmath>

#include <fmt/format.h>

#include "moestro/report/format.h"

namespace moestro {
namespace {

// The others' error over the own one: from here on experts know different things, up to there the
// same.
constexpr double kDifferent = 2, kAlike = 1.1;

std::string error_text(double error, bool classes) {
  return classes ? percent_text(error) : value_text(error);
}

// Of a layer: whether its errors are shares is not known.
std::string score_text(double score) {
  return std::abs(score) < 100 ? fixed_text(score, 4) : value_text(score);
}

std::string split_clause(const ProbingRecord& probing) {
  if (probing.others_error <= kAlike * probing.own_error) return ": almost any of them would do";
  if (probing.others_error >= kDifferent * probing.own_error) return ": each knows its own part";
  return {};
}

std::string oracle_clause(const ProbingRecord& probing, bool classes) {
  const std::string oracle = error_text(probing.oracle_error, classes);
  if (!classes) return fmt::format("; the best expert for each sample would leave {}", oracle);
  if (!std::isfinite(probing.routing_accuracy)) return "; no expert is right about any sample";
  return fmt::format(
      "; of the samples that some expert has right, the gate gives {} to one that has, and no "
      "expert is right about {} of all samples",
      percent_text(probing.routing_accuracy, 1), oracle);
}

}  // namespace

ProbingTable probing_table(const ProbingRecord& probing, bool classes) {
  const bool parts = !probing.part_of_expert.empty();
  ProbingTable table{{"expert"}, {}};
  if (parts) table.headings.emplace_back("part");
  for (const char* heading : {"share", "own", "others'", "all"})
    table.headings.emplace_back(heading);
  for (std::size_t e = 0; e < probing.share.size(); ++e) {
    std::vector<std::string>& row = table.rows.emplace_back();
    row.push_back(std::to_string(e));
    if (parts) row.push_back(std::to_string(probing.part_of_expert[e]));
    row.push_back(percent_text(probing.share[e], 1));
    for (const std::vector<double>* errors : {&probing.own, &probing.others, &probing.all})
      row.push_back(error_text((*errors)[e], classes));
  }
  std::vector<std::string>& last = table.rows.emplace_back();
  last.emplace_back("all");
  if (parts) last.emplace_back();
  last.push_back(percent_text(1, 1));
  for (double error : {probing.own_error, probing.others_error, probing.all_error})
    last.push_back(error_text(error, classes));
  return table;
}

ProbingTable layer_probing_table(const LayerProbingRecord& probing) {
  const bool split = !probing.share.empty();
  ProbingTable table{{"expert"}, {}};
  if (split)
    for (const char* heading : {"share", "own loss", "error", "others' loss", "error"})
      table.headings.emplace_back(heading);
  for (const char* heading : {"loss on all", "error"}) table.headings.emplace_back(heading);
  for (std::size_t e = 0; e < probing.all_loss.size(); ++e) {
    std::vector<std::string>& row = table.rows.emplace_back();
    row.push_back(std::to_string(e));
    if (split) row.push_back(percent_text(probing.share[e], 1));
    if (split)
      for (const std::vector<double>* scores :
           {&probing.own_loss, &probing.own_error, &probing.others_loss, &probing.others_error})
        row.push_back(score_text((*scores)[e]));
    row.push_back(score_text(probing.all_loss[e]));
    row.push_back(score_text(probing.all_error[e]));
  }
  std::vector<std::string>& last = table.rows.emplace_back(table.headings.size() - 2);
  last.front() = "model";
  last.push_back(score_text(probing.model_loss));
  last.push_back(score_text(probing.model_error));
  return table;
}

std::string probing_finding(const ProbingRecord& probing, bool classes) {
  const char* frame = classes ? "Alone, experts get {} of their own samples wrong and {} of the "
                                "others'{}{}."
                              : "Alone, experts have a root mean squared error of {} on their own "
                                "samples and of {} on the others'{}{}.";
  return fmt::format(fmt::runtime(frame), error_text(probing.own_error, classes),
                     error_text(probing.others_error, classes), split_clause(probing),
                     oracle_clause(probing, classes));
}

}  // namespace moestro
