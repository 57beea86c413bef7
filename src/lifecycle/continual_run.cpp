#include "continual_run.h"

#include <nlohmann/json.hpp>

#include "moestro/core/clock.h"
#include "moestro/core/device.h"
#include "moestro/core/error.h"
#include "moestro/core/interrupt.h"
#include "moestro/core/log.h"
#include "moestro/core/progress.h"
#include "moestro/core/suggest.h"
#include "moestro/store/digest.h"
#include "moestro/store/json_file.h"
#include "moestro/store/metrics_log.h"
#include "stream_encoder.h"

namespace moestro {
namespace {

constexpr double kSecondsBetweenCheckpoints = 60;
constexpr int64_t kStepsBetweenRecords = 10;

}  // namespace

void ContinualRun::run(bool added) {
  check(recipe_, document_.schema);
  if (!options_.resume) RunFolder::check_free(options_.out, options_.force);
  // A run that is there is locked before its checkpoint is read.
  if (options_.resume && is_run_folder(options_.out)) open_writer();
  if (options_.resume) open_checkpoint();
  if (options_.resume && !added &&
      nothing_left(options_.out, document_.schema.to_toml(), [this] { return is_whole(); }))
    return;
  prepare();
  if (!writer_) open_writer();
  writer_->begin({.seed = recipe_.train.seed,
                  .device = describe_device(device_),
                  .threads = threads_,
                  .data_digest = sha256_hex(joined(samples_.digests, ""))},
                 document_.schema.to_toml());
  writer_->finish([this] {
    write_stream_tasks(folder().path(), samples_.tasks);
    learn_all();
    write_summary();
  });
}

void ContinualRun::open_writer() {
  writer_ = std::make_unique<RunWriter>(options_.out, options_.resume, options_.force);
}

void ContinualRun::open_checkpoint() {
  checkpoint_ = CheckpointStore(options_.out / "checkpoints", recipe_.train.keep).latest();
  if (checkpoint_) progress_ = ContinualProgress::from_json(checkpoint_->state);
}

// Of a finished run: whether its last checkpoint is as it was; otherwise what came after the one
// before it is to be learned again.
bool ContinualRun::is_whole() const {
  if (!checkpoint_)
    throw UserError(
        "{}: no checkpoint that can be read; expected one to go on from, or --force to learn the "
        "stream anew",
        options_.out.string());
  return progress_.task == tasks();
}

void ContinualRun::prepare() {
  threads_ = set_threads(recipe_.train.threads);
  device_ = resolve_device(recipe_.train.device);
  const StreamEncoder encoder =
      open_stream_encoder(recipe_.stream, device_, compute_type(recipe_.train));
  if (!checkpoint_) progress_.streamed = tasks();
  if (checkpoint_) check_same_encoder(encoder, progress_.encoder, recipe_.stream, options_.out);
  samples_ = read_stream(recipe_, progress_, options_.data_root, encoder);
  progress_.encoder = encoder.digest;
  progress_.digests = samples_.digests;
  learner_.emplace(recipe_, encoder.encoder(), samples_, progress_);
  if (checkpoint_)
    learner_->restore(checkpoint_->file);
  else
    learner_->start();
}

void ContinualRun::learn_all() {
  const InterruptHandlers handlers;
  if (checkpoint_) log_info("going on after step {}", total_step());
  MetricsLog metrics(folder().metrics_path(), checkpoint_ ? total_step() : -1);
  Progress bar(folder().name(), tasks() * recipe_.stream.steps, "steps");
  while (progress_.task < tasks()) {
    if (!progress_.begun) learner_->begin_task();
    learn_task(bar, metrics);
    end_task();
  }
}

void ContinualRun::learn_task(Progress& bar, MetricsLog& metrics) {
  const std::string& name = samples_.tasks[static_cast<size_t>(progress_.task)].name;
  bar.label(fmt::format("{} ({}/{})", name, progress_.task + 1, tasks()));
  double started = seconds_now(), saved = started;
  while (!learner_->task_done()) {
    const Tensor loss = learner_->run_step();
    progress_.seconds += seconds_now() - started;
    started = seconds_now();
    bar.advance(total_step());
    if (progress_.step % kStepsBetweenRecords == 0 || learner_->task_done())
      metrics.append({{"step", total_step()}, {"task", name}, {"loss", loss.item<double>()}});
    const bool stopping = interrupt_requested();
    if (stopping || started - saved > kSecondsBetweenCheckpoints) {
      metrics.sync();
      save();
      saved = started = seconds_now();
    }
    if (stopping)
      throw Interrupted(
          fmt::format("stopped after step {}; {} goes on", total_step(),
                      progress_.task >= progress_.streamed ? "the same --add" : "--resume"));
  }
  metrics.sync();
}

void ContinualRun::end_task() {
  const auto t = static_cast<size_t>(progress_.task);
  learner_->end_task();
  write_merges();
  save();
  const ScoreRow& row = progress_.rows.back();
  log_info("{}: accuracy {:.3f} (untouched {:.3f})", samples_.tasks[t].name, row.known[t].accuracy,
           progress_.rows.front().known[t].accuracy);
}

void ContinualRun::write_merges() const {
  write_json_file(folder().path() / "merges.json",
                  nlohmann::ordered_json(to_json(learner_->journal())));
}

void ContinualRun::save() {
  learner_->take_stock();
  CheckpointStore(folder().checkpoints_path(), recipe_.train.keep)
      .save(total_step(), total_step(), learner_->tensors(), progress_.to_json());
}

void ContinualRun::write_summary() const {
  write_merges();
  std::vector<std::string> names;
  for (const StreamTask& task : samples_.tasks) names.push_back(task.name);
  nlohmann::ordered_json json = {{"schema", 1},
                                 {"name", folder().name()},
                                 {"data", "stream"},
                                 {"device", writer_->manifest().device},
                                 {"seed", recipe_.train.seed},
                                 {"parameters", learner_->parameters()},
                                 {"seconds", progress_.seconds}};
  json["continual"] = continual_json(progress_, names);
  json["continual"]["rows"] = recipe_.stream.rows;
  write_json_file(folder().summary_path(), json);
}

}  // namespace moestro
