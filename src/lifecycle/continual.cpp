#include "moestro/lifecycle/continual.h"

#include <chrono>

#include <ATen/Functions.h>
#include <nlohmann/json.hpp>

#include "continual_measure.h"
#include "moestro/core/device.h"
#include "moestro/core/error.h"
#include "moestro/core/interrupt.h"
#include "moestro/core/log.h"
#include "moestro/core/progress.h"
#include "moestro/core/suggest.h"
#include "moestro/store/checkpoint_store.h"
#include "moestro/store/digest.h"
#include "moestro/store/json_file.h"
#include "moestro/store/metrics_log.h"
#include "moestro/store/run_folder.h"
#include "moestro/train/checkpoint.h"
#include "run_writer.h"
#include "stream_encoder.h"
#include "stream_samples.h"

namespace moestro {
namespace fs = std::filesystem;
namespace {

constexpr double kSecondsBetweenCheckpoints = 60;
constexpr int64_t kStepsBetweenRecords = 10;

double now() {
  using Clock = std::chrono::steady_clock;
  return std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
}

class StreamRun {
 public:
  StreamRun(const ContinualDocument& document, const RunOptions& options)
      : document_(document), recipe_(document.recipe), options_(options) {}

  // added: the last task of the recipe joins a run that is there.
  void run(bool added = false) {
    check(recipe_, document_.schema);
    if (options_.resume && !added && nothing_left(options_.out, document_.schema.to_toml())) return;
    if (!options_.resume) RunFolder::check_free(options_.out, options_.force);
    // A run that is there is locked before its checkpoint is read.
    if (options_.resume && is_run_folder(options_.out)) open_writer();
    if (options_.resume) open_checkpoint();
    prepare();
    if (!writer_) open_writer();
    writer_->begin({.seed = recipe_.train.seed,
                    .device = describe_device(encoder_->device()),
                    .threads = threads_,
                    .data_digest = sha256_hex(joined(samples_.digests, ""))},
                   document_.schema.to_toml());
    writer_->finish([this] {
      learn_all();
      write_summary();
    });
  }

 private:
  const RunFolder& folder() const { return writer_->folder(); }
  uint64_t seed() const { return static_cast<uint64_t>(recipe_.train.seed); }
  int64_t tasks() const { return std::ssize(recipe_.stream.tasks); }
  bool is_added(int64_t task) const { return task >= progress_.streamed; }
  int64_t total_step() const { return progress_.task * recipe_.stream.steps + progress_.step; }

  void open_writer() {
    writer_ = std::make_unique<RunWriter>(options_.out, options_.resume, options_.force);
  }

  void open_checkpoint() {
    checkpoint_ = CheckpointStore(options_.out / "checkpoints", recipe_.train.keep).latest();
    if (checkpoint_) progress_ = ContinualProgress::from_json(checkpoint_->state);
  }

  void prepare() {
    threads_ = set_threads(recipe_.train.threads);
    const c10::Device device = resolve_device(recipe_.train.device);
    const StreamEncoder opened =
        open_stream_encoder(recipe_.stream, device, compute_type(recipe_.train));
    encoder_ = opened.encoder();
    if (!checkpoint_) progress_.streamed = tasks();
    samples_ = read_stream(recipe_.stream, progress_.streamed, options_.data_root, seed(), opened);
    for (size_t t = 0; t < progress_.digests.size(); ++t)
      if (progress_.digests[t] != samples_.digests[t])
        throw UserError(
            "{}: the rows of task \"{}\" are not those that the run was begun with; "
            "expected the same data",
            options_.out.string(), samples_.names[t]);
    progress_.digests = samples_.digests;
    check_encoder(opened.digest);

    model_ = make_model(device);
    progress_.rebuild(*model_);
    if (progress_.begun && is_added(progress_.task)) model_->freeze_shared();
    selector_ =
        std::make_unique<TaskSelector>(encoder_->width(), TaskSelectorOptions{.seed = seed()});
    merging_ = std::make_unique<ExpertMerging>(*model_, recipe_.merge, seed());
    learner_ = std::make_unique<TaskLearner>(
        *model_, *merging_,
        LearnerOptions{recipe_.stream.steps, recipe_.stream.batch, recipe_.stream.label_smoothing,
                       recipe_.stream.scale, recipe_.train});
    measure_ =
        std::make_unique<ContinualMeasure>(*model_, samples_.measured, samples_.measured_unit,
                                           recipe_.stream.scale, recipe_.stream.batch);
    if (checkpoint_) restore_all();
    measure_->complete(progress_.rows);
    if (!checkpoint_ && samples_.reference_unit.defined())
      selector_->set_reference(samples_.reference_unit);
  }

  std::unique_ptr<AdaptedEncoder> make_model(c10::Device device) const {
    if (recipe_.adapter.kind == "none")
      return std::make_unique<AdaptedEncoder>(
          encoder_, open_stream_encoder(recipe_.stream, device, at::kFloat).encoder());
    return std::make_unique<AdaptedEncoder>(encoder_, adapter_shape(recipe_.adapter), seed(),
                                            recipe_.adapter.shared_layers);
  }

  // Classes and gates mean something to one encoder only.
  void check_encoder(const std::string& digest) {
    if (!progress_.encoder.empty() && progress_.encoder != digest)
      throw UserError(
          "{}: the encoder is not the one that the run was begun with; expected the same in {}",
          options_.out.string(), recipe_.stream.encoder);
    progress_.encoder = digest;
  }

  // Between two tasks the checkpoint is of the one that was learned last.
  int64_t learner_task() const { return progress_.begun ? progress_.task : progress_.task - 1; }

  // What is left of the tasks before it, to be learned again.
  std::vector<TaskSamples> kept_of(int64_t task) const {
    std::vector<TaskSamples> kept;
    for (int64_t t = 0; t < task && recipe_.stream.replay > 0; ++t) {
      const auto at_t = static_cast<size_t>(t);
      kept.push_back(
          keep_share(samples_.train[at_t], recipe_.stream.replay, seed(), samples_.names[at_t]));
    }
    return kept;
  }

  void begin_learner(int64_t task) {
    learner_->begin(task, samples_.names[static_cast<size_t>(task)],
                    samples_.train[static_cast<size_t>(task)], kept_of(task));
  }

  void restore_all() {
    if (learner_task() >= 0) begin_learner(learner_task());
    selector_->make_room(progress_.task, samples_.reference_unit.defined(), encoder_->device());
    restore(checkpoint_->file, tensors());
    if (progress_.begun) learner_->resume(progress_.step);
    merging_->set_journal(progress_.journal);
  }

  NamedTensors tensors() const {
    NamedTensors all;
    for (const Parameter& parameter : model_->parameters())
      all.emplace_back(parameter.name, parameter.value);
    for (const Buffer& buffer : model_->buffers()) all.emplace_back(buffer.name, buffer.value);
    if (learner_task() >= 0)
      for (const auto& [name, tensor] : learner_->state()) all.emplace_back(name, tensor);
    for (const auto& [name, tensor] : selector_->state()) all.emplace_back(name, tensor);
    return all;
  }

  void learn_all() {
    const InterruptHandlers handlers;
    if (checkpoint_) log_info("going on after step {}", total_step());
    MetricsLog metrics(folder().metrics_path(), checkpoint_ ? total_step() : -1);
    if (progress_.rows.empty()) progress_.rows.push_back(measure_->row(*selector_, 0));
    Progress bar(folder().name(), tasks() * recipe_.stream.steps, "steps");
    while (progress_.task < tasks()) {
      if (!progress_.begun) begin_task();
      learn_task(bar, metrics);
      end_task();
    }
  }

  void begin_task() {
    if (is_added(progress_.task)) model_->freeze_experts();
    for (const int64_t more :
         grow_if_needed(*model_, experts_a_sample(recipe_.adapter), recipe_.adapter.grow))
      if (more > 0) log_verbose("task {}: {} experts are appended", progress_.task + 1, more);
    model_->add_task();
    begin_learner(progress_.task);
    progress_.begun = true;
    progress_.step = 0;
  }

  void learn_task(Progress& bar, MetricsLog& metrics) {
    const std::string& name = samples_.names[static_cast<size_t>(progress_.task)];
    bar.label(fmt::format("{} ({}/{})", name, progress_.task + 1, tasks()));
    double started = now(), saved = started;
    while (!learner_->done()) {
      const Tensor loss = learner_->run_step();
      progress_.step = learner_->step();
      progress_.seconds += now() - started;
      started = now();
      bar.advance(total_step());
      if (progress_.step % kStepsBetweenRecords == 0 || learner_->done())
        metrics.append({{"step", total_step()}, {"task", name}, {"loss", loss.item<double>()}});
      const bool stopping = interrupt_requested();
      if (stopping || started - saved > kSecondsBetweenCheckpoints) {
        metrics.sync();
        save();
        saved = started = now();
      }
      if (stopping)
        throw Interrupted(fmt::format("stopped after step {}; {} goes on", total_step(),
                                      is_added(progress_.task) ? "the same --add" : "--resume"));
    }
    metrics.sync();
  }

  void end_task() {
    const auto t = static_cast<size_t>(progress_.task);
    ExpertUse use(*model_);
    task_scores(*model_, samples_.train[t], progress_.task, recipe_.stream.scale, &use);
    const LayerCounts counts = use.read();
    merging_->end_task(counts);
    freeze_most_used(*model_, counts, frozen_a_task(recipe_.adapter));
    model_->freeze_gates(progress_.task);
    selector_->add_task(samples_.train_unit[t]);
    ++progress_.task;
    progress_.begun = false;
    progress_.step = 0;
    progress_.rows.push_back(measure_->row(*selector_, progress_.task));
    write_merges();
    save();
    const ScoreRow& row = progress_.rows.back();
    log_info("{}: accuracy {:.3f} (untouched {:.3f})", samples_.names[t], row.known[t].accuracy,
             progress_.rows.front().known[t].accuracy);
  }

  void write_merges() const {
    write_json_file(folder().path() / "merges.json",
                    nlohmann::ordered_json(to_json(merging_->journal())));
  }

  void save() {
    progress_.look_at(*model_);
    progress_.journal = merging_->journal();
    CheckpointStore(folder().checkpoints_path(), recipe_.train.keep)
        .save(total_step(), total_step(), tensors(), progress_.to_json());
  }

  void write_summary() const {
    write_merges();
    int64_t parameters = 0;
    for (const Parameter& parameter : model_->parameters()) parameters += parameter.value.numel();
    nlohmann::ordered_json json = {{"schema", 1},
                                   {"name", folder().name()},
                                   {"data", "stream"},
                                   {"device", writer_->manifest().device},
                                   {"seed", recipe_.train.seed},
                                   {"parameters", parameters},
                                   {"seconds", progress_.seconds}};
    json["continual"] = continual_json(progress_, samples_.names);
    json["continual"]["rows"] = recipe_.stream.rows;
    write_json_file(folder().summary_path(), json);
  }

  const ContinualDocument& document_;
  const ContinualRecipe& recipe_;
  const RunOptions& options_;
  int64_t threads_ = 0;
  ContinualProgress progress_;
  std::optional<Checkpoint> checkpoint_;
  std::shared_ptr<const FrozenEncoder> encoder_;
  StreamSamples samples_;
  std::unique_ptr<AdaptedEncoder> model_;
  std::unique_ptr<TaskSelector> selector_;
  std::unique_ptr<ExpertMerging> merging_;
  std::unique_ptr<TaskLearner> learner_;
  std::unique_ptr<ContinualMeasure> measure_;
  std::unique_ptr<RunWriter> writer_;
};

}  // namespace

void run_stream(const ContinualDocument& document, const RunOptions& options) {
  StreamRun(document, options).run();
}

void add_task_to_run(const fs::path& run, const fs::path& task_file, const fs::path& data_root) {
  const RunFolder folder = RunFolder::open(run);
  ContinualDocument document;
  document.schema.parse_file(folder.recipe_path());
  if (document.recipe.adapter.kind == "none")
    throw UserError(
        "{}: what it learns changes what all tasks are answered with (adapter.kind = \"none\"); "
        "expected a run with adapters",
        run.string());
  std::vector<std::string>& tasks = document.recipe.stream.tasks;
  const auto checkpoint = CheckpointStore(folder.checkpoints_path()).latest();
  if (!checkpoint)
    throw UserError("{}: no checkpoint that can be read; expected a finished run", run.string());
  const ContinualProgress progress = ContinualProgress::from_json(checkpoint->state);
  const bool named = fs::path(tasks.back()) == task_file;
  const bool learned = progress.task == std::ssize(tasks);
  if (named && learned && folder.is_finished()) {
    log_info("{}: the task is learned, nothing to do", run.string());
    return;
  }
  // One that was added and not begun, because it failed at once, gives way.
  if (!named && !learned && !progress.begun && progress.task + 1 == std::ssize(tasks) &&
      progress.task >= progress.streamed)
    tasks.back() = task_file.string();
  else if (!named && learned)
    tasks.push_back(task_file.string());
  else if (!named || progress.task < progress.streamed)
    throw UserError("{}: {} of its {} tasks are learned; expected a finished run", run.string(),
                    progress.task, tasks.size());
  const RunOptions options{.out = run, .data_root = data_root, .resume = true};
  StreamRun(document, options).run(/*added=*/true);
}

}  // namespace moestro
