#include "moestro/lifecycle/continual.h"

#include "continual_run.h"
#include "moestro/core/error.h"
#include "moestro/core/log.h"
#include "moestro/core/schema_peek.h"
#include "stream_encoder.h"

namespace moestro {
namespace fs = std::filesystem;
namespace {

void read_recipe(const RunFolder& folder, ContinualDocument& document) {
  const std::string run = folder.path().string();
  if (!has_section(folder.recipe_path(), "stream"))
    throw UserError("{}: no run of `moestro continual`; expected one to add a task to", run);
  document.schema.parse_file(folder.recipe_path());
  if (document.recipe.adapter.kind == "none")
    throw UserError(
        "{}: what it learns changes what all tasks are answered with (adapter.kind = \"none\"); "
        "expected a run with adapters",
        run);
}

void set_compute(const AddedTask& added, Schema& schema) {
  if (!added.device.empty()) schema.set("train.device=" + added.device, "--device");
  if (added.threads >= 0) schema.set(fmt::format("train.threads={}", added.threads), "--threads");
}

ContinualProgress progress_of(const RunFolder& folder) {
  const auto checkpoint = CheckpointStore(folder.checkpoints_path()).latest();
  if (!checkpoint)
    throw UserError("{}: no checkpoint that can be read; expected a finished run",
                    folder.path().string());
  return ContinualProgress::from_json(checkpoint->state);
}

// Throws UserError where what a finished run was learned from is not what it was.
void check_unchanged(const ContinualRecipe& recipe, const ContinualProgress& progress,
                     const fs::path& run, const fs::path& data_root) {
  const StreamEncoder encoder = open_stream_encoder(recipe.stream, c10::kCPU, c10::kFloat);
  check_same_encoder(encoder, progress.encoder, recipe.stream, run);
  check_same_tasks(recipe, progress, data_root, encoder);
}

}  // namespace

void run_stream(const ContinualDocument& document, const RunOptions& options) {
  ContinualRun(document, options).run();
}

void add_task_to_run(const AddedTask& added) {
  const fs::path& run = added.run;
  const RunFolder folder = RunFolder::open(run);
  ContinualDocument document;
  read_recipe(folder, document);
  set_compute(added, document.schema);
  const ContinualProgress progress = progress_of(folder);
  std::vector<std::string>& tasks = document.recipe.stream.tasks;
  const bool named = fs::weakly_canonical(tasks.back()) == fs::weakly_canonical(added.task_file);
  const bool learned = progress.task == std::ssize(tasks);
  if (named && learned && folder.is_finished()) {
    check_unchanged(document.recipe, progress, run, added.data_root);
    log_info("{}: the task is learned, nothing to do", run.string());
    return;
  }
  // One that was added and not begun, because it failed at once, gives way.
  if (!named && !learned && !folder.is_finished() && !progress.begun &&
      progress.task + 1 == std::ssize(tasks) && progress.task >= progress.streamed)
    tasks.back() = added.task_file.string();
  else if (!named && learned)
    tasks.push_back(added.task_file.string());
  else if (!named || progress.task < progress.streamed)
    throw UserError(
        "{}: {} of its {} tasks are learned; expected a finished run: go on with {} first",
        run.string(), progress.task, tasks.size(),
        progress.task < progress.streamed ? "--resume" : "--add " + tasks.back());
  const RunOptions options{.out = run, .data_root = added.data_root, .resume = true};
  ContinualRun(document, options).run(/*added=*/true);
}

}  // namespace moestro
