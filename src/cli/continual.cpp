#include <cstdio>

#include "moestro/core/error.h"
#include "moestro/core/log.h"
#include "moestro/lifecycle/continual.h"
#include "moestro/report/continual_text.h"
#include "moestro/report/write_report.h"
#include "moestro/store/file.h"
#include "moestro/store/run_folder.h"
#include "verb.h"

namespace moestro {
namespace {

struct ContinualFlags {
  std::string what, out, add;
  std::vector<std::string> assignments;
  int64_t seed = -1;
  bool resume = false, force = false;
};

// A run is gone on with by its own recipe.
std::filesystem::path recipe_of(const ContinualFlags& flags) {
  if (!is_run_folder(flags.what)) return flags.what;
  if (!flags.resume)
    throw UserError("{}: a run; expected a recipe, or --resume, or --add TASK", flags.what);
  return RunFolder::open(flags.what).recipe_path();
}

void learn_stream(const ContinualFlags& flags, const CommonFlags& common,
                  const std::filesystem::path& out) {
  ContinualDocument document;
  document.schema.parse_file(recipe_of(flags));
  for (const auto& [text, origin] : assignments_of(flags.assignments, common))
    document.schema.set(text, origin);
  if (flags.seed >= 0) document.schema.set(fmt::format("train.seed={}", flags.seed), "--seed");
  run_stream(
      document,
      {.out = out, .data_root = common.data_root, .resume = flags.resume, .force = flags.force});
}

void continual(const ContinualFlags& flags, const CommonFlags& common) {
  std::filesystem::path out = flags.out;
  if (!flags.add.empty() || (out.empty() && is_run_folder(flags.what)))
    out = flags.what;
  else if (out.empty())
    out = std::filesystem::path("runs") / std::filesystem::path(flags.what).stem();
  if (flags.add.empty())
    learn_stream(flags, common, out);
  else
    add_task_to_run({.run = out,
                     .task_file = flags.add,
                     .data_root = common.data_root,
                     .device = common.device,
                     .threads = common.threads});
  const std::filesystem::path page = write_report(out);
  if (common.json) {
    fmt::print("{}", read_file(out / "summary.json"));
    return;
  }
  fmt::print("{}", continual_text(read_continual(out), stdout_rules()));
  log_info("report: {}", page.string());
}

}  // namespace

void add_continual(CLI::App& app, CommonFlags& common) {
  CLI::App* verb = add_verb(
      app, "continual", "learn tasks one after another, merging experts on the way",
      "  moestro continual recipes/text-stream.toml --set stream.encoder=minilm\n"
      "  moestro continual recipes/text-stream.toml --set merge.every=0 --out "
      "runs/without-merging\n"
      "  moestro continual recipes/image-stream.toml              images beside a run of ours\n"
      "  moestro continual recipes/text-stream.toml --resume      goes on where it was stopped\n"
      "  moestro continual runs/text-stream --add my-task.toml    one more task");
  auto flags = std::make_shared<ContinualFlags>();
  add_argument(
      *verb, "RECIPE|RUN", flags->what,
      "a recipe with [stream]; with --add the folder of a finished run, with --resume of any");
  auto* add = verb->add_option("--add", flags->add,
                               "a task file: one more task, learned without changing what earlier "
                               "ones are answered with")
                  ->type_name("TASK");
  add_set(*verb, flags->assignments,
          "change a key: stream.samples=16 (or stream.samples= for its "
          "default)");
  verb->get_option("--set")->excludes(add);
  verb->add_option("--seed", flags->seed, "same as --set train.seed=N")
      ->check(at_least(0))
      ->type_name("N")
      ->excludes(add);
  verb->add_option("--out", flags->out, "run folder (default: runs/NAME)")
      ->type_name("DIR")
      ->excludes(add);
  verb->add_flag("--resume", flags->resume, "go on with the run in that folder")->excludes(add);
  verb->add_flag("--force", flags->force, "replace the run in that folder")
      ->excludes("--resume")
      ->excludes(add);
  add_data_root(*verb, common);
  add_compute(*verb, common);
  add_json(*verb, common);
  verb->callback([flags, &common] { continual(*flags, common); });
}

}  // namespace moestro
