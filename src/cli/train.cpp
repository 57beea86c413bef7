#include <cstdio>

#include "moestro/core/log.h"
#include "moestro/lifecycle/train_run.h"
#include "moestro/report/run_table.h"
#include "moestro/report/write_report.h"
#include "moestro/store/file.h"
#include "verb.h"

namespace moestro {
namespace {

struct TrainFlags {
  std::string recipe, out;
  std::vector<std::string> assignments;
  int64_t seed = -1;
  bool resume = false, force = false;
};

void apply(Schema& schema, const TrainFlags& flags, const CommonFlags& common) {
  for (const auto& [text, origin] : assignments_of(flags.assignments, common))
    schema.set(text, origin);
  if (flags.seed >= 0) schema.set(fmt::format("train.seed={}", flags.seed), "--seed");
}

void train(const TrainFlags& flags, const CommonFlags& common) {
  RecipeDocument document;
  document.schema.parse_file(flags.recipe);
  apply(document.schema, flags, common);

  RunOptions options;
  options.out = flags.out;
  if (flags.out.empty())
    options.out = std::filesystem::path("runs") / std::filesystem::path(flags.recipe).stem();
  options.data_root = common.data_root;
  options.resume = flags.resume;
  options.force = flags.force;
  train_run(document, options);
  const std::filesystem::path page = write_report(options.out);
  if (common.json) {
    fmt::print("{}", read_file(options.out / "summary.json"));
    return;
  }
  fmt::print("{}", run_text(read_run(options.out), stdout_rules()));
  log_info("report: {}", page.string());
}

}  // namespace

void add_train(CLI::App& app, CommonFlags& common) {
  CLI::App* verb = add_verb(
      app, "train", "train the mixture that a recipe describes",
      "  moestro train recipes/fashion-mnist.toml\n"
      "  moestro train recipes/mnist.toml --set gate.kind=softmax --seed 3 --out runs/softmax-3\n"
      "  moestro train recipes/mnist.toml --resume     goes on where it was stopped");
  auto flags = std::make_shared<TrainFlags>();
  add_argument(*verb, "RECIPE", flags->recipe, "a recipe in TOML");
  add_set(*verb, flags->assignments,
          "change a key: data.batch=256 (or data.batch= for its default)");
  verb->add_option("--seed", flags->seed, "same as --set train.seed=N")
      ->check(at_least(0))
      ->type_name("N");
  verb->add_option("--out", flags->out, "run folder (default: runs/NAME)")->type_name("DIR");
  verb->add_flag("--resume", flags->resume, "go on with the run in that folder");
  verb->add_flag("--force", flags->force, "replace the run in that folder")->excludes("--resume");
  add_data_root(*verb, common);
  add_compute(*verb, common);
  add_json(*verb, common);
  verb->callback([flags, &common] { train(*flags, common); });
}

}  // namespace moestro
