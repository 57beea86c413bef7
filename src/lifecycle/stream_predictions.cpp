#include "moestro/lifecycle/stream_predictions.h"

#include <algorithm>

#include <ATen/ATen.h>

#include "moestro/core/device.h"
#include "moestro/core/error.h"
#include "moestro/core/suggest.h"
#include "moestro/lifecycle/embeddings.h"
#include "moestro/lifecycle/predictions.h"
#include "moestro/store/checkpoint_store.h"
#include "moestro/store/run_folder.h"
#include "moestro/train/checkpoint.h"
#include "moestro/train/task_learner.h"
#include "moestro/train/task_selector.h"
#include "stream_answers.h"
#include "stream_model.h"
#include "stream_rows.h"

namespace moestro {
namespace fs = std::filesystem;
namespace {

// A finished run's encoder with all that it learned.
class LearnedStream {
 public:
  LearnedStream(const fs::path& run, const std::string& device, int64_t threads) : run_(run) {
    const RunFolder folder = RunFolder::open(run);
    document_.schema.parse_file(folder.recipe_path());
    folder.check_finished(run.string());
    set_threads(threads < 0 ? recipe().train.threads : threads);
    device_ = resolve_device(device.empty() ? recipe().train.device : device);
    encoder_ = open_stream_encoder(recipe().stream, device_, compute_type(recipe().train));
    restore_from(CheckpointStore(folder.checkpoints_path()).latest());
  }

  // -1 for no name.
  int64_t task_named(const std::string& name) const {
    std::vector<std::string> names;
    for (const StreamTask& task : tasks_) names.push_back(task.name);
    const auto found = std::ranges::find(names, name);
    if (!name.empty() && found == names.end())
      throw UserError("--task {}: {} has learned no such task; expected one of {}{}", name,
                      run_.string(), joined(names), suggestion(name, names));
    return name.empty() ? -1 : found - names.begin();
  }

  StreamRows rows(const std::string& what, const fs::path& data_root) const {
    return read_stream_rows(recipe().stream, encoder_, what, data_root);
  }

  // task: of all rows; below 0 chosen row by row.
  StreamAnswers answer(const StreamRows& rows, int64_t task) const {
    StreamAnswers answers;
    answers.task_N = at::full({rows.count}, task, at::kLong);
    answers.adapted_N = at::ones({rows.count}, at::kBool);
    if (task < 0) choose(rows, answers);
    const auto most = std::ranges::max_element(tasks_, {}, &StreamTask::classes)->classes();
    answers.probs_NC = at::zeros({rows.count, most}, at::kFloat);
    for (int64_t t = 0; t < std::ssize(tasks_); ++t)
      for (const bool adapted : {false, true}) answer_some(rows, t, adapted, answers);
    return answers;
  }

  const std::vector<StreamTask>& tasks() const { return tasks_; }

 private:
  const ContinualRecipe& recipe() const { return document_.recipe; }

  void restore_from(const std::optional<Checkpoint>& checkpoint) {
    if (!checkpoint)
      throw UserError("{}: no checkpoint that can be read; expected a finished run", run_.string());
    const auto progress = ContinualProgress::from_json(checkpoint->state);
    if (progress.task != std::ssize(recipe().stream.tasks))
      throw UserError(
          "{}: its last checkpoint is damaged; expected it whole, or the run gone on with by "
          "`moestro continual {} --resume`",
          run_.string(), run_.string());
    check_same_encoder(encoder_, progress.encoder, recipe().stream, run_);
    tasks_ = read_stream_tasks(run_, progress.task, encoder_.encoder()->width());
    for (StreamTask& task : tasks_) task.classes_CD = task.classes_CD.to(device_);
    model_ = make_stream_model(recipe(), encoder_.encoder(), progress);
    selector_.emplace(encoder_.encoder()->width(), TaskSelectorOptions{});
    selector_->make_room(progress.task, !recipe().stream.reference.empty(), device_);
    NamedTensors all = model_tensors(*model_);
    for (const auto& named : selector_->state()) all.push_back(named);
    restore(checkpoint->file, all);
  }

  void choose(const StreamRows& rows, StreamAnswers& answers) const {
    const Tensor all_N = at::arange(rows.count, at::kLong);
    const auto inputs = rows.inputs(all_N, recipe().stream.longest);
    const Tensor unit_ND = embed_all(model_->encoder(), *inputs).to(device_);
    answers.task_N = selector_->errors(unit_ND).argmin(1).cpu();
    answers.adapted_N = selector_->choose(unit_ND).ge(0).cpu();
  }

  // Those of one task that the untouched encoder answers, or the others.
  void answer_some(const StreamRows& rows, int64_t task, bool adapted,
                   StreamAnswers& answers) const {
    const Tensor these_N = answers.task_N.eq(task).logical_and(answers.adapted_N.eq(adapted));
    const Tensor rows_M = these_N.nonzero().squeeze(1);
    if (rows_M.numel() == 0) return;
    const StreamTask& of = tasks_[static_cast<size_t>(task)];
    const TaskSamples samples = {rows.inputs(rows_M, of.longest), {}, of.classes_CD};
    const Tensor scores_MC =
        task_scores(*model_, samples, adapted ? task : -1, recipe().stream.scale);
    answers.probs_NC.narrow(1, 0, of.classes()).index_copy_(0, rows_M, scores_MC.softmax(1));
  }

  fs::path run_;
  ContinualDocument document_;
  c10::Device device_ = c10::kCPU;
  StreamEncoder encoder_;
  std::vector<StreamTask> tasks_;
  std::unique_ptr<AdaptedEncoder> model_;
  std::optional<TaskSelector> selector_;
};

}  // namespace

int64_t predict_with_stream(const StreamPredictionOptions& options) {
  check_predictions_name(options.out);
  const LearnedStream stream(options.run, options.device, options.threads);
  const int64_t task = stream.task_named(options.task);
  const StreamRows rows = stream.rows(options.rows, options.data_root);
  write_answers(options.out, stream.answer(rows, task), stream.tasks());
  return rows.count;
}

}  // namespace moestro
