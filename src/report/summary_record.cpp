#include "moestro/report/summary_record.h"

#include "json_view.h"
#include "moestro/store/json_file.h"
#include "schema_check.h"

namespace moestro {
namespace {

ScoresRecord scores_of(const JsonView& view) {
  return {view.number("error"), view.number("loss")};
}

SpecialisationRecord specialisation_of(const JsonView& view) {
  SpecialisationRecord record;
  record.mutual_information = view.number("mutual_information");
  record.mutual_information_predicted = view.number("mutual_information_predicted");
  record.permutation_baseline = view.number("permutation_baseline");
  record.sample_entropy = view.number("sample_entropy");
  record.usage_entropy = view.number("usage_entropy");
  record.experts_used = view.integer("experts_used", 0);
  return record;
}

}  // namespace

SummaryRecord read_summary(const std::filesystem::path& path) {
  const nlohmann::json json = read_json_file(path);
  const JsonView view(json, path.string());
  check_schema(view, 1);
  SummaryRecord summary;
  summary.data = view.text("data");
  summary.device = view.text("device");
  summary.seed = view.integer("seed", 0);
  summary.parameters = view.integer("parameters", 0);
  summary.epochs = view.integer("epochs", 0);
  summary.steps = view.integer("steps", 0);
  summary.seconds = view.number("seconds");
  summary.test = scores_of(view.object("test"));
  summary.valid = scores_of(view.object("valid"));
  summary.hard_top1_error = view.number("hard_top1_error");
  summary.calibration_error = view.number("calibration_error");
  summary.bleu = view.number("bleu");
  summary.bleu_lowercase = view.number("bleu_lowercase");
  if (view.has("specialisation"))
    summary.specialisation = specialisation_of(view.object("specialisation"));
  if (view.has("student")) summary.student = student_record(json.at("student"), path.string());
  return summary;
}

}  // namespace moestro
