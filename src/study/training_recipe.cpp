// Recipes of `moestro train`.
#include "arm_recipe.h"
#include "moestro/core/device.h"
#include "moestro/core/error.h"
#include "moestro/lifecycle/train_run.h"
#include "moestro/train/recipe.h"

namespace moestro {
namespace {

// The numbers of summary.json (docs/run-folder.md).
const std::vector<std::string> kMetrics = {
    "test.error",
    "test.loss",
    "valid.error",
    "valid.loss",
    "hard_top1_error",
    "calibration_error",
    "bleu",
    "bleu_lowercase",
    "specialisation.mutual_information",
    "specialisation.mutual_information_predicted",
    "specialisation.permutation_baseline",
    "specialisation.sample_entropy",
    "specialisation.usage_entropy",
    "specialisation.experts_used",
    "probing.own_error",
    "probing.others_error",
    "probing.all_error",
    "probing.routing_accuracy",
    "probing.oracle_error",
    "probing.agreement",
    "probing.disagreement",
    "probing.output_square",
    "parameters",
    "seconds",
    "epochs",
    "steps",
};

std::vector<std::string> columns() {
  std::vector<std::string> columns = kMetrics;
  columns.push_back(kSplitAgreement);
  return columns;
}

void check_metric(const std::string& metric, const DataRecord& data, bool transformer) {
  const bool translation = data.text && data.text->is_translation();
  const auto refuse = [&](const char* of, const char* found) {
    throw UserError("study.metric = \"{}\" is of {}, and {}; expected another, as test.error",
                    metric, of, found);
  };
  if (of_translations(metric) && !translation) refuse("translations", "the data are none");
  if (of_classes(metric) && data.classes == 0)
    refuse("classes", translation ? "the data are translations" : "the target is a number");
  if (of_whole_networks(metric) && transformer)
    refuse("mixtures of whole networks", "the model is a Transformer");
}

class TrainingRecipe : public ArmRecipe {
 public:
  const RecipeFacts& facts() const override {
    static const RecipeFacts facts = {
        .verb = "train",
        .study = {},
        .metrics = kMetrics,
        .columns = columns(),
        .choosing = {"valid.loss", "seconds"},
        .rows_keys =
            "[data] but for batch, rows, balanced, label_noise, augment, mean and deviation",
        .starts_from_arms = true};
    return facts;
  }

  void describe(Schema& schema) override { moestro::describe(schema, recipe_); }
  void check(const Schema& schema) const override { moestro::check(recipe_, schema); }
  std::vector<std::string> quick() const override { return {"train.epochs=1"}; }

  std::string measured_rows(const StudyConfig& study) const override {
    Recipe same;
    const DataConfig defaults;
    same.data = recipe_.data;
    same.data.batch = defaults.batch;
    same.data.rows = defaults.rows;
    same.data.balanced = defaults.balanced;
    same.data.label_noise = defaults.label_noise;
    same.data.augment = defaults.augment;
    same.data.mean = defaults.mean;
    same.data.deviation = defaults.deviation;
    if (!on_validation(study)) same.data.validation = defaults.validation;
    Schema schema;
    moestro::describe(schema, same);
    return schema.to_toml();
  }

  void check_rows(const StudyConfig& study) const override {
    if (on_validation(study) && recipe_.data.validation == 0)
      throw UserError("{} needs rows that are held out; expected data.validation above 0",
                      study.metric);
  }

  std::string lack_of(const std::string& metric) const override {
    if (recipe_.expert.count > 1 || !of_a_split(metric)) return {};
    return fmt::format("has one expert and no {}; expected mixtures", metric);
  }

  bool told_class() const override { return recipe_.gate.kind == "classes"; }

  std::vector<std::string> starts() const override {
    std::vector<std::string> starts = {recipe_.start.run, recipe_.loss.similarity_run,
                                       recipe_.student.teacher};
    std::erase(starts, "");
    return starts;
  }

  void rehearse(const std::string& toml, const std::string& metric,
                const std::filesystem::path& data_root, const PlannedRuns& planned) override {
    RecipeDocument document;
    document.schema.parse_text(toml, "its recipe");
    resolve_device(document.recipe.train.device);  // whether it is there; a rehearsal needs none
    document.schema.set("train.device=cpu");
    check_metric(metric, rehearsal_.run(document, data_root, planned),
                 document.recipe.model.transformer());
  }

 private:
  Recipe recipe_;
  Rehearsal rehearsal_;
};

}  // namespace

std::unique_ptr<ArmRecipe> new_training_recipe() {
  return std::make_unique<TrainingRecipe>();
}

}  // namespace moestro
