#include "moestro/study/plan.h"

#include <algorithm>
#include <map>

#include "arm_recipe.h"
#include "arms.h"
#include "moestro/core/error.h"

namespace moestro {
namespace fs = std::filesystem;
namespace {

class Planner {
 public:
  Planner(const fs::path& file, const fs::path& out, const PlanOptions& options)
      : file_(file),
        out_(out.lexically_normal()),
        options_(options),
        kind_(kind_of_study(file)),
        base_(kind_) {
    base_.parse_file(file);
    for (const auto& [text, origin] : options.assignments) base_.schema.set(text, origin);
    plan_.kind = kind_;
    plan_.study = base_.study;
    plan_.file = file;
    plan_.name = file.stem().string();
    if (options.seeds > 0) plan_.study.seeds = options.seeds;
  }

  StudyPlan plan() {
    arms_.emplace(plan_.study.arms, file_.string());
    check_needs();
    check_comparisons();
    check_direction();
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

  const RecipeFacts& facts() const { return base_.recipe().facts(); }

  void check_needs() const {
    for (const std::string& arm : arms_->names())
      if (!facts().starts_from_arms && !arms_->needs(arm).empty())
        throw UserError(
            "{} names the run of \"{}\" in braces, but no stream starts from another; "
            "expected assignments without braces",
            origin_of(arm), arms_->needs(arm).front());
  }

  void check_direction() const {
    const StudyConfig& study = plan_.study;
    const std::optional<bool> lower = base_.recipe().lower_is_better(study.metric);
    const bool said = base_.schema.is_set("study.lower_is_better");
    if (lower && *lower != study.lower_is_better)
      throw UserError("{}: less of {} is {}; expected study.lower_is_better = {}",
                      base_.schema.where(said ? "study.lower_is_better" : "study.metric"),
                      study.metric, *lower ? "better" : "worse", *lower);
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
    if (!base_.schema.is_set("study.columns")) study.columns = facts().choosing;
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
      document.recipe().check(document.schema);
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
    if (options_.quick)
      for (const std::string& text : document.recipe().quick())
        document.schema.set(text, "--quick");
    for (const auto& [text, origin] : options_.assignments) document.schema.set(text, origin);
    if (document.schema.is_set("train.seed"))
      throw UserError("{}; expected study.first_seed and --seeds",
                      document.schema.where("train.seed"));
  }

  // What holds for all seeds of an arm.
  void check_arm(const std::string& arm) {
    StudyDocument document(kind_);
    read_arm(document, arm, plan_.study.first_seed);
    const std::string by_itself = document.recipe_toml();
    change(document);
    check_difference(arm, options_.quick ? by_itself : document.recipe_toml());
    check_metric(arm, document.recipe());
    check_recipe(document, origin_of(arm));
    try {
      document.recipe().check_rows(plan_.study);
    } catch (const UserError& error) {
      throw UserError("{}: {}", origin_of(arm), error.what());
    }
    rows_.emplace_back(arm, document.recipe().measured_rows(plan_.study));
  }

  void check_difference(const std::string& arm, const std::string& recipe) {
    const auto [other, fresh] = recipes_.emplace(recipe, arm);
    if (!fresh)
      throw UserError("{}: arm \"{}\" changes nothing beside \"{}\"; expected another recipe",
                      file_.string(), arm, other->second);
  }

  // What others are compared with must have something to compare, and so must a lone arm.
  void check_metric(const std::string& arm, const ArmRecipe& recipe) const {
    const StudyConfig& study = plan_.study;
    const bool alone = arms_->names().size() == 1;
    const bool primary = std::ranges::find(study.primary, arm) != study.primary.end();
    if (!alone && !primary && arm != study.baseline) return;
    const std::string where = base_.schema.where(alone     ? "study.metric"
                                                 : primary ? "study.primary"
                                                           : "study.baseline");
    if (!alone && recipe.told_class())
      throw UserError("{}: arm \"{}\" is told the class; expected arms that are not", where, arm);
    if (const std::string lack = recipe.lack_of(study.metric); !lack.empty())
      throw UserError("{}: arm \"{}\" {}", where, arm, lack);
  }

  void check_pairs() const {
    for (const auto& [arm, rows] : rows_)
      if (rows != rows_.front().second)
        throw UserError(
            "{}: arms \"{}\" and \"{}\" cannot be paired: they are measured on other rows; "
            "expected the same {}",
            file_.string(), arm, rows_.front().first, facts().rows_keys);
  }

  fs::path folder(const std::string& arm, int64_t seed) const {
    return out_ / "runs" / run_name(arm, seed);
  }

  PlannedRun run_of(const std::string& arm, int64_t seed) const {
    StudyDocument document(kind_);
    read_arm(document, arm, seed);
    change(document);
    document.schema.set(fmt::format("train.seed={}", seed), origin_of(arm));
    check_recipe(document, origin_of(arm));
    const ArmRecipe& recipe = document.recipe();
    PlannedRun run{arm, seed, folder(arm, seed), document.recipe_toml()};
    run.told_class = recipe.told_class();
    run.data_keys = recipe.data_keys();
    for (const std::string& start : recipe.starts()) {
      const bool ours = std::ranges::any_of(arms_->needs(arm), [&](const std::string& needed) {
        return folder(needed, seed).string() == start;
      });
      if (!ours) run.elsewhere.emplace_back(start);
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
  RecipeKind kind_;
  StudyDocument base_;
  StudyPlan plan_;
  std::optional<Arms> arms_;
  std::map<std::string, std::string> recipes_;             // of each arm, whose it is
  std::vector<std::pair<std::string, std::string>> rows_;  // that each arm is measured on
};

}  // namespace

PlanOptions quick_plan() {
  return {.assignments = {}, .seeds = 2, .further_seeds = {}, .quick = true};
}

StudyPlan plan_study(const fs::path& file, const fs::path& out, const PlanOptions& options) {
  return Planner(file, out, options).plan();
}

}  // namespace moestro
