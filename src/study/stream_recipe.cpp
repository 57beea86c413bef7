// Recipes of `moestro continual`.
#include "arm_recipe.h"
#include "moestro/core/device.h"
#include "moestro/core/error.h"
#include "moestro/lifecycle/stream_rehearsal.h"
#include "moestro/store/run_folder.h"
#include "stream_figures.h"

namespace moestro {
namespace {

StudyConfig defaults() {
  StudyConfig study;
  study.metric = "known.average";
  study.lower_is_better = false;
  study.columns = {"known.last",     "known.forgetting_from_best",
                   "chosen.average", "untouched.average",
                   "experts",        "seconds"};
  return study;
}

std::string toml_of(const StreamConfig& stream) {
  ContinualRecipe recipe;
  recipe.stream = stream;
  Schema schema;
  describe_stream(schema, recipe);
  return schema.to_toml();
}

class StreamRecipe : public ArmRecipe {
 public:
  const RecipeFacts& facts() const override {
    static const RecipeFacts facts = {
        .verb = "continual",
        .study = defaults(),
        .metrics = stream_metrics(),
        .columns = stream_metrics(),
        .choosing = {"valid.known.last", "valid.chosen.average", "valid.untouched.average",
                     "seconds"},
        .rows_keys = "stream.encoder, tasks, most_test, longest, support and rows",
        .starts_from_arms = false};
    return facts;
  }

  void describe(Schema& schema) override { moestro::describe(schema, recipe_); }
  void check(const Schema& schema) const override { moestro::check(recipe_, schema); }

  // Two merges of a task are enough to see that they work.
  std::vector<std::string> quick() const override {
    std::vector<std::string> changes = {"stream.steps=6", "stream.batch=8", "stream.most=200",
                                        "stream.most_test=50"};
    if (recipe_.merge.every > 0)
      changes.insert(changes.end(), {"merge.every=2", "merge.first=2", "merge.last=4"});
    return changes;
  }

  std::string measured_rows(const StudyConfig&) const override {
    StreamConfig same;
    same.encoder = recipe_.stream.encoder;
    same.tasks = recipe_.stream.tasks;
    same.most_test = recipe_.stream.most_test;
    same.longest = recipe_.stream.longest;
    same.support = recipe_.stream.support;  // what classes are
    same.rows = recipe_.stream.rows;
    return toml_of(same);
  }

  std::string data_keys() const override {
    const StreamConfig defaults;
    StreamConfig read = recipe_.stream;
    read.steps = defaults.steps;
    read.batch = defaults.batch;
    read.label_smoothing = defaults.label_smoothing;
    read.replay = defaults.replay;
    read.scale = defaults.scale;
    return toml_of(read);
  }

  // A stream is measured on one part only, so that what chooses settings never sees test rows.
  void check_rows(const StudyConfig& study) const override {
    std::vector<std::string> figures = study.columns;
    figures.insert(figures.begin(), study.metric);
    const bool validation = recipe_.stream.rows == "valid";
    for (const std::string& figure : figures) {
      if (figure.starts_with("valid.") && !validation)
        throw UserError("{} needs rows that are held out; expected stream.rows = \"valid\"",
                        figure);
      if (of_test_rows(figure) && validation)
        throw UserError(
            "{} is measured on test rows, but stream.rows = \"valid\"; expected valid.{}", figure,
            figure);
    }
  }

  std::optional<bool> lower_is_better(const std::string& metric) const override {
    return lower_is_better_of_stream(metric);
  }

  std::string lack_of(const std::string& metric) const override {
    const bool of_pairs = lower_is_better_of_stream(metric) && metric.find('.') != metric.npos &&
                          !metric.ends_with(".average") && !metric.ends_with(".last");
    if (recipe_.stream.tasks.size() > 1 || !of_pairs) return {};
    return fmt::format("has one task and no {}; expected two at least", metric);
  }

  // An encoder of images is a run.
  std::vector<std::string> starts() const override {
    const std::string& encoder = recipe_.stream.encoder;
    return is_run_folder(encoder) ? std::vector{encoder} : std::vector<std::string>{};
  }

  void rehearse(const std::string& toml, const std::string&, const std::filesystem::path& data_root,
                const PlannedRuns&) override {
    ContinualDocument document;
    document.schema.parse_text(toml, "its recipe");
    resolve_device(document.recipe.train.device);  // whether it is there; a rehearsal needs none
    rehearse_stream(document, data_root);
  }

 private:
  ContinualRecipe recipe_;
};

}  // namespace

std::unique_ptr<ArmRecipe> new_stream_recipe() {
  return std::make_unique<StreamRecipe>();
}

}  // namespace moestro
