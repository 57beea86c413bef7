#include "moestro/report/student_scores.h"

#include <cmath>

#include "moestro/report/format.h"

namespace moestro {
namespace {

bool known(const ScoresRecord& scores) {
  return std::isfinite(scores.error) || std::isfinite(scores.loss);
}

}  // namespace

NotedTable student_scores(const RunRecord& run) {
  const SummaryRecord& summary = *run.summary;
  const StudentRecord& student = *summary.student;
  if (!known(student.mixture) && !known(student.folded)) return {};
  const std::string prefix = student.is_held_out() ? "validation " : "";
  NotedTable table{{"", "parameters", prefix + run.error_noun(), prefix + "loss"}, {}, {}};
  const auto add = [&](const std::string& name, int64_t parameters, const ScoresRecord& scores) {
    table.rows.push_back({name, parameters > 0 ? count_text(parameters) : "–",
                          run.error_text(scores.error), value_text(scores.loss)});
  };
  add("the mixture", student.teacher_parameters, student.mixture);
  add(begun_text(student), summary.parameters, student.folded);
  if (summary.epochs > 0 && student.is_held_out() && known(summary.valid))
    add("as trained", summary.parameters, summary.valid);
  if (!student.is_held_out())
    table.note =
        "On training rows, which the mixture has learned and the fold was fitted to: nothing is "
        "held out.";
  return table;
}

std::string begun_text(const StudentRecord& student) {
  return student.gather == "none" ? "as drawn" : "as folded";
}

}  // namespace moestro
