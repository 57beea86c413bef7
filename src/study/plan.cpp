#include "moestro/study/plan.h"

#include <algorithm>
#include <functional>
#include <map>

#include "moestro/core/error.h"
#include "moestro/core/suggest.h"

namespace moestro {
namespace fs = std::filesystem;
namespace {

// Folders are named after arms.
std::string slug(const std::string& name) {
  std::string out;
  for (const char c : name) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_';
    if (plain)
      out += c;
    else if (!out.empty() && out.back() != '-')
      out += '-';
  }
  while (!out.empty() && (out.back() == '-' || out.back() == '.')) out.pop_back();
  return out;
}

// What decides which rows an arm is measured on.
DataConfig measured_rows(const Recipe& recipe, bool validation) {
  DataConfig data = recipe.data;
  const DataConfig same;
  data.batch = same.batch;
  data.rows = same.rows;
  data.augment = same.augment;
  data.mean = same.mean;
  data.deviation = same.deviation;
  if (!validation) data.validation = same.validation;
  return data;
}

std::string quoted(const std::vector<std::string>& names) {
  return fmt::format("\"{}\"", joined(names, "\", \""));
}

class Planner {
 public:
  Planner(const fs::path& file, const fs::path& out, const PlanOptions& options)
      : file_(file), out_(out.lexically_normal()), options_(options) {
    base_.parse_file(file);
    for (const std::string& assignment : options.assignments) base_.schema.set(assignment);
    plan_.study = base_.study;
    plan_.file = file;
    plan_.name = file.stem().string();
    if (options.seeds > 0) plan_.study.seeds = options.seeds;
  }

  StudyPlan plan() {
    for (const auto& [arm, assignments] : plan_.study.arms) names_.push_back(arm);
    check_names();
    check_comparisons();
    check_columns();
    for (const std::string& arm : names_) find_needs(arm);
    for (const std::string& arm : names_) order(arm, {});
    for (int64_t i = 0; i < plan_.study.seeds; ++i)
      for (const std::string& arm : order_) add_run(arm, plan_.study.first_seed + i);
    check_pairs();
    return std::move(plan_);
  }

 private:
  std::string where() const { return file_.string(); }

  void check_names() const {
    if (names_.empty())
      throw UserError("{}: no arms; expected [study.arms] with name = [assignments]", where());
    std::map<std::string, std::string> slugs;
    for (const std::string& arm : names_) {
      const std::string folder = slug(arm);
      if (folder.empty())
        throw UserError("{}: arm \"{}\"; expected a name with a letter or digit", where(), arm);
      const auto [other, fresh] = slugs.emplace(folder, arm);
      if (!fresh)
        throw UserError(
            "{}: arms \"{}\" and \"{}\" would share the folder {}; expected names that "
            "differ in letters or digits",
            where(), other->second, arm, folder);
    }
  }

  void check_arm(const std::string& key, const std::string& arm) const {
    if (std::ranges::find(names_, arm) == names_.end())
      throw UserError("{}: no arm \"{}\"; expected one of {}{}", base_.schema.where(key), arm,
                      quoted(names_), suggestion(arm, names_));
  }

  void check_comparisons() {
    StudyConfig& study = plan_.study;
    if (names_.size() == 1 && study.primary.empty()) return;
    if (study.primary.size() != 2 || study.primary[0] == study.primary[1])
      throw UserError(
          "{}: study.primary names {} arms; expected two different ones, the first to be compared "
          "with the second",
          where(), study.primary.size());
    for (const std::string& arm : study.primary) check_arm("study.primary", arm);
    if (study.baseline.empty()) study.baseline = study.primary[1];
    check_arm("study.baseline", study.baseline);
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

  const std::vector<std::string>& assignments(const std::string& arm) const {
    return std::ranges::find(plan_.study.arms, arm, [](const auto& entry) { return entry.first; })
        ->second;
  }

  // The arms that stand in braces in an arm's assignments.
  void find_needs(const std::string& arm) {
    for (const std::string& text : assignments(arm))
      for (size_t open = text.find('{'); open != std::string::npos; open = text.find('{', open)) {
        const size_t close = text.find('}', open);
        if (close == std::string::npos)
          throw UserError("{}: arm \"{}\": \"{}\" has no closing brace; expected {{ARM}}", where(),
                          arm, text);
        const std::string needed = text.substr(open + 1, close - open - 1);
        if (std::ranges::find(names_, needed) == names_.end())
          throw UserError("{}: arm \"{}\": no arm \"{}\" for \"{}\"; expected one of {}{}", where(),
                          arm, needed, text, quoted(names_), suggestion(needed, names_));
        needs_[arm].push_back(needed);
        open = close;
      }
  }

  void order(const std::string& arm, std::vector<std::string> path) {
    if (std::ranges::find(order_, arm) != order_.end()) return;
    const bool circle = std::ranges::find(path, arm) != path.end();
    path.push_back(arm);
    if (circle)
      throw UserError("{}: arms need each other in a circle: {}", where(), joined(path, " -> "));
    for (const std::string& needed : needs_[arm]) order(needed, path);
    order_.push_back(arm);
  }

  fs::path folder(const std::string& arm, int64_t seed) const {
    return out_ / "runs" / fmt::format("{}-{}", slug(arm), seed);
  }

  std::string filled(std::string text, int64_t seed) const {
    for (size_t open = text.find('{'); open != std::string::npos;) {
      const size_t close = text.find('}', open);
      const std::string path = folder(text.substr(open + 1, close - open - 1), seed).string();
      text.replace(open, close - open + 1, path);
      open = text.find('{', open + path.size());
    }
    return text;
  }

  static void check_recipe(const StudyDocument& document, const std::string& origin) {
    try {
      check(document.recipe, document.schema);
    } catch (const UserError& error) {
      const std::string text = error.what();
      throw UserError("{}", text.starts_with(origin) ? text : origin + ": " + text);
    }
  }

  void add_run(const std::string& arm, int64_t seed) {
    StudyDocument document;
    document.parse_file(file_);
    const std::string origin = fmt::format("{}: arm \"{}\"", where(), arm);
    if (document.schema.is_set("train.seed"))
      throw UserError("{}: the study gives the seeds; expected study.seeds and study.first_seed",
                      document.schema.where("train.seed"));
    for (const std::string& assignment : assignments(arm)) {
      if (assignment.starts_with("study."))
        throw UserError("{}: \"{}\" belongs to the study, not to an arm; expected keys of a recipe",
                        origin, assignment);
      document.schema.set(filled(assignment, seed), origin);
    }
    if (document.schema.is_set("train.seed"))
      throw UserError(
          "{} cannot be paired: it sets train.seed; expected the study's seeds for all "
          "arms",
          origin);
    check_recipe(document, origin);
    const std::string without_options = document.recipe_toml();
    for (const std::string& assignment : options_.assignments) document.schema.set(assignment);
    if (document.schema.is_set("train.seed"))
      throw UserError("--set: train.seed; expected study.first_seed and --seeds");
    if (seed == plan_.study.first_seed) {
      check_difference(arm, options_.arms_may_agree ? without_options : document.recipe_toml());
      check_metric(arm, document.recipe);
    }
    document.schema.set(fmt::format("train.seed={}", seed), origin);
    check_recipe(document, origin);
    PlannedRun run{arm, seed, folder(arm, seed), document.recipe_toml()};
    run.told_class = document.recipe.gate.kind == "classes";
    for (const std::string& needed : needs_[arm]) run.needs.push_back(place_of(needed, seed));
    for (const std::string& start :
         {document.recipe.start.run, document.recipe.loss.similarity_run})
      run.starts_elsewhere |= !start.empty() && !is_folder_of_needed(start, run);
    if (seed == plan_.study.first_seed)
      data_.emplace_back(arm, measured_rows(document.recipe, on_validation(plan_.study)));
    if (on_validation(plan_.study) && document.recipe.data.validation == 0)
      throw UserError("{}: {} needs rows that are held out; expected data.validation above 0",
                      origin, plan_.study.metric);
    plan_.runs.push_back(std::move(run));
  }

  bool is_folder_of_needed(const std::string& folder, const PlannedRun& run) const {
    return std::ranges::any_of(
        run.needs, [&](size_t need) { return plan_.runs[need].folder.string() == folder; });
  }

  // The primary comparison must have something to compare.
  void check_metric(const std::string& arm, const Recipe& recipe) const {
    const StudyConfig& study = plan_.study;
    if (std::ranges::find(study.primary, arm) == study.primary.end()) return;
    const std::string where = base_.schema.where("study.primary");
    if (recipe.gate.kind == "classes")
      throw UserError("{}: arm \"{}\" is told the class; expected arms that are not", where, arm);
    if (recipe.expert.count == 1 && of_a_split(study.metric))
      throw UserError("{}: arm \"{}\" has one expert and no {}; expected mixtures", where, arm,
                      study.metric);
  }

  size_t place_of(const std::string& arm, int64_t seed) const {
    const auto run = std::ranges::find_if(plan_.runs, [&](const PlannedRun& other) {
      return other.arm == arm && other.seed == seed;
    });
    return static_cast<size_t>(run - plan_.runs.begin());
  }

  void check_difference(const std::string& arm, const std::string& recipe) {
    const auto [other, fresh] = recipes_.emplace(recipe, arm);
    if (!fresh)
      throw UserError("{}: arm \"{}\" changes nothing beside \"{}\"; expected another recipe",
                      where(), arm, other->second);
  }

  void check_pairs() const {
    for (const auto& [arm, data] : data_)
      if (data != data_.front().second)
        throw UserError(
            "{}: arms \"{}\" and \"{}\" cannot be paired: they are measured on other rows; "
            "expected the same [data] but for batch, rows, augment, mean and deviation",
            where(), arm, data_.front().first);
  }

  fs::path file_, out_;
  const PlanOptions& options_;
  StudyDocument base_;
  StudyPlan plan_;
  std::vector<std::string> names_, order_;
  std::map<std::string, std::string> recipes_;  // of each arm, whose it is
  std::map<std::string, std::vector<std::string>> needs_;
  std::vector<std::pair<std::string, DataConfig>> data_;
};

}  // namespace

PlanOptions quick_plan() {
  return {.assignments = {"train.epochs=1"}, .seeds = 2, .arms_may_agree = true};
}

StudyPlan plan_study(const fs::path& file, const fs::path& out, const PlanOptions& options) {
  return Planner(file, out, options).plan();
}

}  // namespace moestro
