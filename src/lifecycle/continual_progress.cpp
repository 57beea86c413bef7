#include "continual_progress.h"

#include <algorithm>
#include <limits>
#include <optional>

#include <ATen/ATen.h>

#include "json_numbers.h"
#include "moestro/core/error.h"
#include "moestro/measure/continual.h"

namespace moestro {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

Json scores_json(const std::vector<TaskScore>& scores) {
  Json json = Json::array();
  for (const TaskScore& score : scores)
    json.push_back({number_or_null(score.accuracy), number_or_null(score.balanced)});
  return json;
}

double number(const nlohmann::json& json) {
  return json.is_null() ? kNone : json.get<double>();
}

std::vector<TaskScore> scores_from(const nlohmann::json& json) {
  std::vector<TaskScore> scores;
  for (const auto& one : json) scores.push_back({number(one.at(0)), number(one.at(1))});
  return scores;
}

// One list of each row -> the matrix [S, T]; rows from before a task was added end early.
template <class Of, class Figure>
Tensor matrix(const std::vector<ScoreRow>& rows, int64_t tasks, Of of, Figure figure) {
  const Tensor matrix_ST = at::full({std::ssize(rows), tasks}, kNone, at::kDouble);
  for (int64_t i = 0; i < std::ssize(rows); ++i) {
    const std::vector<TaskScore>& scores = rows[static_cast<size_t>(i)].*of;
    for (int64_t j = 0; j < std::ssize(scores); ++j)
      matrix_ST[i][j] = scores[static_cast<size_t>(j)].*figure;
  }
  return matrix_ST;
}

Json measure_json(const TaskMeasure& measure) {
  Json tasks = Json::array();
  for (const double value : measure.task_T) tasks.push_back(number_or_null(value));
  return {{"mean", number_or_null(measure.mean)}, {"tasks", tasks}};
}

Json figure_json(const Tensor& score_ST) {
  Json rows = Json::array();
  for (const Tensor& row_T : score_ST.unbind(0)) rows.push_back(numbers_or_null(row_T));
  Json json = {{"matrix", rows}};
  if (score_ST.size(0) != score_ST.size(1) + 1) return json;  // not all tasks are learned
  const ContinualScores scores = continual_scores(score_ST);
  json["transfer"] = measure_json(scores.transfer);
  json["average"] = measure_json(scores.average);
  json["last"] = measure_json(scores.last);
  json["backward_transfer"] = measure_json(scores.backward_transfer);
  json["forward_transfer"] = measure_json(scores.forward_transfer);
  json["forgetting_from_first"] = measure_json(scores.forgetting_from_first);
  json["forgetting_from_best"] = measure_json(scores.forgetting_from_best);
  return json;
}

// Mean over the merges that say so; null where none does.
Json mean_of(const std::vector<MergeEntry>& journal, std::optional<double> MergeEntry::*figure) {
  double sum = 0;
  int64_t found = 0;
  for (const MergeEntry& entry : journal)
    if (entry.*figure) sum += *(entry.*figure), ++found;
  return found > 0 ? Json(sum / static_cast<double>(found)) : Json();
}

template <class Of>
Json way_json(const std::vector<ScoreRow>& rows, int64_t tasks, Of of) {
  return {{"accuracy", figure_json(matrix(rows, tasks, of, &TaskScore::accuracy))},
          {"balanced_accuracy", figure_json(matrix(rows, tasks, of, &TaskScore::balanced))}};
}

}  // namespace

void ContinualProgress::look_at(const AdaptedEncoder& model) {
  experts_TL.clear();
  for (int64_t t = 0; t < model.tasks(); ++t) {
    experts_TL.emplace_back();
    for (const AdapterLayer& layer : model.layers())
      experts_TL.back().push_back(layer.experts_of(t));
  }
  frozen_LE.clear();
  for (const AdapterLayer& layer : model.layers()) frozen_LE.push_back(layer.bank().frozen());
}

void ContinualProgress::rebuild(AdaptedEncoder& model) const {
  std::vector<AdapterLayer>& layers = model.layers();
  const auto grow_to = [&](size_t l, int64_t experts) {
    if (experts > layers[l].bank().experts()) layers[l].grow(experts - layers[l].bank().experts());
  };
  for (const std::vector<int64_t>& experts_L : experts_TL) {
    for (size_t l = 0; l < layers.size(); ++l) grow_to(l, experts_L[l]);
    model.add_task();
  }
  for (size_t l = 0; l < frozen_LE.size(); ++l) {
    grow_to(l, std::ssize(frozen_LE[l]));
    for (size_t e = 0; e < frozen_LE[l].size(); ++e)
      if (frozen_LE[l][e]) layers[l].freeze(static_cast<int64_t>(e));
  }
  for (int64_t t = 0; t < task; ++t) model.freeze_gates(t);
}

std::string ContinualProgress::to_json() const {
  Json json = {{"task", task},         {"step", step},          {"begun", begun},
               {"streamed", streamed}, {"seconds", seconds},    {"encoder", encoder},
               {"digests", digests},   {"experts", experts_TL}, {"frozen", frozen_LE}};
  json["rows"] = Json::array();
  for (const ScoreRow& row : rows)
    json["rows"].push_back({{"known", scores_json(row.known)},
                            {"chosen", scores_json(row.chosen)},
                            {"by_batch", scores_json(row.by_batch)}});
  json["journal"] = moestro::to_json(journal);
  return json.dump();
}

ContinualProgress ContinualProgress::from_json(const std::string& text) {
  ContinualProgress progress;
  try {
    const auto json = nlohmann::json::parse(text);
    json.at("task").get_to(progress.task);
    json.at("step").get_to(progress.step);
    json.at("begun").get_to(progress.begun);
    json.at("streamed").get_to(progress.streamed);
    json.at("seconds").get_to(progress.seconds);
    json.at("encoder").get_to(progress.encoder);
    json.at("digests").get_to(progress.digests);
    json.at("experts").get_to(progress.experts_TL);
    json.at("frozen").get_to(progress.frozen_LE);
    for (const auto& row : json.at("rows"))
      progress.rows.push_back({scores_from(row.at("known")), scores_from(row.at("chosen")),
                               scores_from(row.at("by_batch"))});
    progress.journal = merge_journal_from_json(json.at("journal"));
  } catch (const nlohmann::json::exception& error) {
    throw UserError("damaged state of a checkpoint: {}", error.what());
  }
  return progress;
}

nlohmann::ordered_json continual_json(const ContinualProgress& progress,
                                      const std::vector<std::string>& names) {
  const int64_t tasks = std::ssize(names);
  Json frozen = Json::array(), experts = Json::array();
  for (const std::vector<bool>& frozen_E : progress.frozen_LE) {
    experts.push_back(frozen_E.size());
    frozen.push_back(std::ranges::count(frozen_E, true));
  }
  return {{"tasks", names},
          {"known", way_json(progress.rows, tasks, &ScoreRow::known)},
          {"chosen", way_json(progress.rows, tasks, &ScoreRow::chosen)},
          {"chosen_by_batch", way_json(progress.rows, tasks, &ScoreRow::by_batch)},
          {"experts", experts},
          {"frozen", frozen},
          {"merges", progress.journal.size()},
          {"merge_cosine", mean_of(progress.journal, &MergeEntry::cosine)},
          {"merge_later_share", mean_of(progress.journal, &MergeEntry::later_share)}};
}

}  // namespace moestro
