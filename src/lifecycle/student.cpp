#include "moestro/lifecycle/student.h"

#include <algorithm>
#include <chrono>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <nlohmann/json.hpp>

#include "fold_parts.h"
#include "moestro/core/log.h"
#include "moestro/core/random.h"
#include "same_architecture.h"

namespace moestro {
namespace {

constexpr int64_t kPlannedRows = 16;                // to find what does not fit
constexpr int64_t kMostAnswers = int64_t{1} << 28;  // floats kept: 1 GiB

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

Dataset calibration_rows(const DataSource& data, int64_t rows, uint64_t seed) {
  const int64_t count = std::min(rows, data.train.rows());
  const Tensor order = permutation({seed, Stream::split, "calibration", 0}, data.train.rows());
  return select_rows(data.train, order.narrow(0, 0, count));
}

// A layer narrower than the number of experts has no place for a unit of each.
void warn_of_lost_experts(const FoldedLayer& layer) {
  if (layer.kept.units.empty() || !layer.experts.empty()) return;
  const std::vector<int64_t>& units_E = layer.kept.units.back().units_E;
  const int64_t lost = std::ranges::count(units_E, 0);
  if (lost > 0)
    log_warning(
        "{}: units of {} of {} experts are left, since a hidden layer has no place for more",
        layer.layer, std::ssize(units_E) - lost, std::ssize(units_E));
}

}  // namespace

Student::Student(const RecipeDocument& document, const DataSource& data, c10::Device device,
                 const PlannedRuns& planned)
    : document_(document),
      data_(data),
      device_(device),
      planned_(planned.count(document.recipe.student.teacher) > 0),
      teacher_(document, "student.teacher", document.recipe.student.teacher, data, device,
               planned) {
  const int64_t rows = planned_ ? kPlannedRows : document.recipe.student.calibration;
  calibration_ = calibration_rows(data, rows, static_cast<uint64_t>(document.recipe.train.seed));
}

Student::~Student() = default;

void Student::fold_into(Model& model) {
  if (document_.recipe.student.copies()) check_same_architecture(teacher_, document_.recipe, model);
  const auto started = Clock::now();
  layers_ =
      fold(teacher_, model, document_.recipe.student, {calibration_, data_.normaliser, device_},
           static_cast<uint64_t>(document_.recipe.train.seed));
  fold_seconds_ = seconds_since(started);
  for (const FoldedLayer& layer : layers_) warn_of_lost_experts(layer);
  if (!planned_) score_both(model);
}

void Student::score_both(const Model& model) {
  const bool held_out = data_.valid.rows() > 0;
  const Dataset& rows = held_out ? data_.valid : calibration_;
  const auto score_of = [&](const Model& one, const Recipe& recipe) {
    return score(one, rows, data_.normaliser,
                 {.device = device_, .precision = compute_type(recipe.train)});
  };
  scores_ = FoldScores{held_out, score_of(teacher_.model(), teacher_.recipe()),
                       score_of(model, document_.recipe)};
}

std::string Student::describe() const {
  std::string text = fmt::format("folded in {:.1f} s", fold_seconds_);
  if (scores_)
    text += fmt::format(": error {:.4f} on {} rows, the teacher's {:.4f}", scores_->student.error,
                        scores_->held_out ? "validation" : "calibration", scores_->teacher.error);
  return text;
}

bool Student::keeps_answers() const {
  const int64_t answers = data_.train.rows() * std::max<int64_t>(data_.train.classes, 1);
  return !planned_ && !data_.train.is_translation() && document_.recipe.data.augment.empty() &&
         document_.recipe.train.epochs > 1 && answers <= kMostAnswers;
}

Tensor Student::all_answers() const {
  Tensor answers_NC;
  visit_teacher(teacher_, {data_.train, data_.normaliser, device_}, {},
                [&](const ModelOutput& output, const Batch& batch, const ForwardContext&) {
                  const Tensor& mixed = output.mixed_NC;
                  if (!answers_NC.defined())
                    answers_NC = at::empty({data_.train.rows(), mixed.size(1)}, mixed.options());
                  answers_NC.index_copy_(0, batch.rows_N.to(mixed.device()), mixed);
                });
  return answers_NC;
}

Tensor Student::teach(const Batch& batch) {
  const at::NoGradGuard no_gradients;
  if (keeps_answers()) {
    if (!answers_NC_.defined()) {
      const auto started = Clock::now();
      answers_NC_ = all_answers();
      answer_seconds_ = seconds_since(started);
    }
    return answers_NC_.index_select(0, batch.rows_N.to(answers_NC_.device()));
  }
  const ForwardContext context{.targets_N = batch.targets_N,
                               .precision = compute_type(teacher_.recipe().train)};
  return teacher_.model().forward(batch.inputs, context, {}).mixed_NC;
}

nlohmann::ordered_json Student::to_json() const {
  const StudentConfig& config = document_.recipe.student;
  nlohmann::ordered_json json = {{"teacher", config.teacher},
                                 {"teacher_parameters", teacher_.model().parameter_count()},
                                 {"teacher_experts", teacher_.recipe().expert.count},
                                 {"gather", config.gather},
                                 {"aligned", config.align},
                                 {"fit", config.gathers() ? config.fit : "none"},
                                 {"fold_seconds", fold_seconds_}};
  if (answers_NC_.defined()) json["teacher_seconds"] = answer_seconds_;
  if (scores_)
    json["folded"] = {{"rows", scores_->held_out ? "validation" : "calibration"},
                      {"teacher", scores_json(scores_->teacher)},
                      {"student", scores_json(scores_->student)}};
  for (const FoldedLayer& layer : layers_) json["layers"].push_back(layer.to_json());
  return json;
}

}  // namespace moestro
