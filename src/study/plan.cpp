#include "moestro/study/plan.h"

#include <algorithm>
#include <map>

#include "arms.h"
#include "moestro/core/error.h"

namespace moestro {
namespace fs = std::filesystem;
namespace {

// What decides which rows an arm is measured on.
DataConfig measured_rows(const Recipe& recipe, bool validation) {
  DataConfig data = recipe.data;
  const DataConfig same;
  data.batch = same.batch;
  data.rows = same.rows;
  data.balanced = same.balanced;
  data.label_noise = same.label_noise;
  data.augment = same.augment;
  data.mean = same.mean;
  data.deviation = same.deviation;
  if (!validation) data.validation = same.validation;
  return data;
}

class Planner {
 public:
  Planner(const fs::path& file, const fs::path& out, const PlanOptions& options)
      : file_(file), out_(out.lexically_normal()), options_(options) {
    base_.parse_file(file);
    for (const auto& [text, origin] : options.assignments) base_.schema.set(text, origin);
    plan_.study = base_.study;
    plan_.file = file;
    plan_.name = file.stem().string();
    if (options.seeds > 0) plan_.study.seeds = options.seeds;
  }

  StudyPlan plan() {
    arms_.emplace(plan_.study.arms, file_.string());
    check_comparisons();
    check_columns();
    for (const std::string& arm : arms_->in_order()) check_arm(arm);
    check_pairs();
    for (int64_t i = 0; i < plan_.study.seeds; ++i)
      for (const std::string& arm : arms_->in_order()) add_run(arm, plan_.study.first_seed + i);
    for (const int64_t seed : options_.further_seeds)
      if (!is_planned(seed))
        for (const std::string& arm : arms_->in_order()) plan_.beside.push_back(run_of(arm, seed));
    return std::move(plan_);
  }

 private:
  bool is_planned(int64_t seed) const {
    const StudyConfig& study = plan_.study;
    return seed >= study.first_seed && seed < study.first_seed + study.seeds;
  }

  void check_comparisons() {
    StudyConfig& study = plan_.study;
    if (arms_->names().size() == 1 && study.primary.empty()) return;
    if (study.primary.size() != 2 || study.primary[0] == study.primary[1])
      throw UserError(
          "{}: study.primary names {} arms; expected two different ones, the first to be compared "
          "with the second",
          file_.string(), study.primary.size());
    for (const std::string& arm : study.primary)
      arms_->check_there(arm, base_.schema.where("study.primary"));
    if (study.baseline.empty()) study.baseline = study.primary[1];
    arms_->check_there(study.baseline, base_.schema.where("study.baseline"));
  }

  // Whoever sees test errors while choosing has chosen by them.
  void check_columns() {
    StudyConfig& study = plan_.study;
    std::erase(study.columns, study.metric);
    if (!on_validation(study)) return;
    if (!base_.schema.is_set("study.columns")) study.columns = {"valid.loss", "seconds"};
    for (const std::string& column : study.columns)
      if (of_test_rows(column))
        throw UserError(
            "{}: \"{}\" is measured on test rows, but study.metric = \"{}\" chooses "
            "settings; expected numbers of validation rows",
            base_.schema.where("study.columns"), column, study.metric);
  }

  std::string origin_of(const std::string& arm) const {
    return fmt::format("{}: arm \"{}\"", file_.string(), arm);
  }

  static void check_recipe(const StudyDocument& document, const std::string& origin) {
    try {
      check(document.recipe, document.schema);
    } catch (const UserError& error) {
      const std::string text = error.what();
      throw UserError("{}", text.starts_with(origin) ? text : origin + ": " + text);
    }
  }

  // The recipe of an arm by itself.
  void read_arm(StudyDocument& document, const std::string& arm, int64_t seed) const {
    document.parse_file(file_);
    const std::string origin = origin_of(arm);
    if (document.schema.is_set("train.seed"))
      throw UserError("{}: the study gives the seeds; expected study.seeds and study.first_seed",
                      document.schema.where("train.seed"));
    const auto folder_of = [&](const std::string& needed) { return folder(needed, seed).string(); };
    for (const std::string& assignment : arms_->assignments(arm, folder_of)) {
      if (assignment.starts_with("study."))
        throw UserError("{}: \"{}\" belongs to the study, not to an arm; expected keys of a recipe",
                        origin, assignment);
      document.schema.set(assignment, origin);
    }
    if (document.schema.is_set("train.seed"))
      throw UserError(
          "{} cannot be paired: it sets train.seed; expected the study's seeds for all "
          "arms",
          origin);
    check_recipe(document, origin);
  }

  void change(StudyDocument& document) const {
    for (const auto& [text, origin] : options_.assignments) document.schema.set(text, origin);
    if (document.schema.is_set("train.seed"))
      throw UserError("{}; expected study.first_seed and --seeds",
                      document.schema.where("train.seed"));
  }

  // What holds for all seeds of an arm.
  void check_arm(const std::string& arm) {
    StudyDocument document;
    read_arm(document, arm, plan_.study.first_seed);
    const std::string by_itself = document.recipe_toml();
    change(document);
    check_difference(arm, options_.arms_may_agree ? by_itself : document.recipe_toml());
    check_metric(arm, document.recipe);
    check_recipe(document, origin_of(arm));
    const bool validation = on_validation(plan_.study);
    if (validation && document.recipe.data.validation == 0)
      throw UserError("{}: {} needs rows that are held out; expected data.validation above 0",
                      origin_of(arm), plan_.study.metric);
    data_.emplace_back(arm, measured_rows(document.recipe, validation));
  }

  void check_difference(const std::string& arm, const std::string& recipe) {
    const auto [other, fresh] = recipes_.emplace(recipe, arm);
    if (!fresh)
      throw UserError("{}: arm \"{}\" changes nothing beside \"{}\"; expected another recipe",
                      file_.string(), arm, other->second);
  }

  // What others are compared with must have something to compare, and so must a lone arm.
  void check_metric(const std::string& arm, const Recipe& recipe) const {
    const StudyConfig& study = plan_.study;
    const bool alone = arms_->names().size() == 1;
    const bool primary = std::ranges::find(study.primary, arm) != study.primary.end();
    if (!alone && !primary && arm != study.baseline) return;
    const std::string where = base_.schema.where(alone     ? "study.metric"
                                                 : primary ? "study.primary"
                                                           : "study.baseline");
    if (!alone && recipe.gate.kind == "classes")
      throw UserError("{}: arm \"{}\" is told the class; expected arms that are not", where, arm);
    if (recipe.expert.count == 1 && of_a_split(study.metric))
      throw UserError("{}: arm \"{}\" has one expert and no {}; expected mixtures", where, arm,
                      study.metric);
  }

  void check_pairs() const {
    for (const auto& [arm, data] : data_)
      if (data != data_.front().second)
        throw UserError(
            "{}: arms \"{}\" and \"{}\" cannot be paired: they are measured on other rows; "
            "expected the same [data] but for batch, rows, balanced, label_noise, augment, mean "
            "and "
            "deviation",
            file_.string(), arm, data_.front().first);
  }

  fs::path folder(const std::string& arm, int64_t seed) const {
    return out_ / "runs" / run_name(arm, seed);
  }

  PlannedRun run_of(const std::string& arm, int64_t seed) const {
    StudyDocument document;
    read_arm(document, arm, seed);
    change(document);
    document.schema.set(fmt::format("train.seed={}", seed), origin_of(arm));
    check_recipe(document, origin_of(arm));
    const Recipe& recipe = document.recipe;
    PlannedRun run{arm, seed, folder(arm, seed), document.recipe_toml()};
    run.told_class = recipe.gate.kind == "classes";
    for (const std::string& start :
         {recipe.start.run, recipe.loss.similarity_run, recipe.student.teacher}) {
      const bool ours = std::ranges::any_of(arms_->needs(arm), [&](const std::string& needed) {
        return folder(needed, seed).string() == start;
      });
      if (!start.empty() && !ours) run.elsewhere.emplace_back(start);
    }
    return run;
  }

  void add_run(const std::string& arm, int64_t seed) {
    PlannedRun run = run_of(arm, seed);
    for (const std::string& needed : arms_->needs(arm)) run.needs.push_back(place_of(needed, seed));
    plan_.runs.push_back(std::move(run));
  }

  size_t place_of(const std::string& arm, int64_t seed) const {
    const auto run = std::ranges::find_if(plan_.runs, [&](const PlannedRun& other) {
      return other.arm == arm && other.seed == seed;
    });
    return static_cast<size_t>(run - plan_.runs.begin());
  }

  fs::path file_, out_;
  const PlanOptions& options_;
  StudyDocument base_;
  StudyPlan plan_;
  std::optional<Arms> arms_;
  std::map<std::string, std::string> recipes_;            // of each arm, whose it is
  std::vector<std::pair<std::string, DataConfig>> data_;  // of each arm
};

}  // namespace

PlanOptions quick_plan() {
  return {.assignments = {{"train.epochs=1", "--quick"}},
          .seeds = 2,
          .further_seeds = {},
          .arms_may_agree = true};
}

StudyPlan plan_study(const fs::path& file, const fs::path& out, const PlanOptions& options) {
  return Planner(file, out, options).plan();
}

}  // namespace moestro
