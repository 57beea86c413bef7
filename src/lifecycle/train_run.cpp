#include "moestro/lifecycle/train_run.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "moestro/core/device.h"
#include "moestro/core/error.h"
#include "moestro/core/interrupt.h"
#include "moestro/core/log.h"
#include "moestro/data/source.h"
#include "moestro/lifecycle/inspection_files.h"
#include "moestro/lifecycle/responder.h"
#include "moestro/lifecycle/start.h"
#include "moestro/lifecycle/student.h"
#include "moestro/lifecycle/summary.h"
#include "moestro/store/atomic_file.h"
#include "moestro/store/json_file.h"
#include "moestro/store/run_folder.h"
#include "moestro/train/checkpoint.h"
#include "moestro/train/model.h"
#include "moestro/train/recorder.h"
#include "moestro/train/trainer.h"
#include "moestro/train/weight_average.h"
#include "run_writer.h"

namespace moestro {
namespace {

class TrainRun {
 public:
  TrainRun(const RecipeDocument& document, const RunOptions& options)
      : document_(document), recipe_(document.recipe), options_(options) {}

  void run() {
    check(recipe_, document_.schema);
    if (options_.resume && nothing_left(options_.out, document_.schema.to_toml())) return;
    check_apart(document_, options_.out);
    if (!options_.resume) RunFolder::check_free(options_.out, options_.force);
    prepare();
    writer_ = std::make_unique<RunWriter>(options_.out, options_.resume, options_.force);
    in_folder();
  }

  // Everything but the folder. data: what the recipe says, where it was loaded before.
  void prepare(const PlannedRuns& planned = {}, const std::optional<DataSource>& data = {}) {
    check(recipe_, document_.schema);
    threads_ = set_threads(recipe_.train.threads);
    device_ = resolve_device(recipe_.train.device);
    source_ = data ? *data : load_data(recipe_.data, options_.data_root, seed(), own_tokenizer());
    data_ = source_.record();
    model_ = build_model(document_, task_of(data_));
    convert(model_->parameters(), model_->buffers(), device_);
    for (const std::string& line : model_->describe()) log_verbose("{}", line);
    objective_ = std::make_unique<Objective>(recipe_.loss, model_->output());
    start_ = std::make_unique<Start>(document_, source_, device_, planned);
    if (auto* mixture = dynamic_cast<Mixture*>(model_.get())) start_->apply(*mixture);
    if (!recipe_.student.teacher.empty()) {
      student_ = std::make_unique<Student>(document_, source_, device_, planned);
      student_->fold_into(*model_);
    }
    rehearse();
  }

  const DataSource& data() const { return source_; }

 private:
  const RunFolder& folder() const { return writer_->folder(); }
  uint64_t seed() const { return static_cast<uint64_t>(recipe_.train.seed); }

  Guidance guide(const Batch& batch) const {
    Guidance guidance = start_->guide(batch);
    if (recipe_.loss.distillation > 0) guidance.teacher_NC = student_->teach(batch);
    return guidance;
  }

  // Of a run that goes on from a checkpoint: none is trained anew.
  std::shared_ptr<const Tokenizer> own_tokenizer() const {
    if (!options_.resume || !is_run_folder(options_.out)) return nullptr;
    const RunFolder folder = RunFolder::open(options_.out);
    const std::filesystem::path path = folder.path() / kTokenizerFile;
    const bool begun = !CheckpointStore(folder.checkpoints_path()).steps().empty();
    std::error_code none;
    return begun && std::filesystem::exists(path, none) ? Tokenizer::load(path) : nullptr;
  }

  // A training step on two rows, up to the loss: what shows only there (batch norm under a sparse
  // gate, a term without effect) is found before the folder is touched.
  void rehearse() const {
    NamedTensors before;
    for (const Buffer& buffer : model_->buffers())
      before.emplace_back(buffer.name, buffer.value.clone());
    const int64_t rows = std::min({source_.train.rows(), recipe_.data.batch, int64_t{2}});
    Batches batches(source_.train, source_.normaliser,
                    {.batch = rows, .prefetch = false, .seed = seed(), .device = device_},
                    source_.augmentation);
    batches.start(0);
    const Batch batch = batches.next().value();
    const ModelOutput output = model_->forward(batch.inputs,
                                               {.training = true,
                                                .seed = seed(),
                                                .step = 0,
                                                .targets_N = batch.targets_N,
                                                .precision = compute_type(recipe_.train)},
                                               objective_->needs());
    const LossTerms loss = (*objective_)(output.mixed_NC, output.traces, batch, guide(batch));
    if (!loss.total.requires_grad())
      throw UserError(
          "nothing learns: [start] freezes what the loss reaches, or leaves nothing that learns; "
          "expected a loss that reaches new or copied weights");
    for (size_t i = 0; i < before.size(); ++i) model_->buffers()[i].value.copy_(before[i].second);
  }

  void in_folder() {
    const Manifest manifest{.seed = recipe_.train.seed,
                            .device = describe_device(device_),
                            .threads = threads_,
                            .data_digest = source_.digest(),
                            .teacher_digest = student_ ? student_->teacher_digest() : ""};
    if (options_.resume) check_same_sources(manifest);
    writer_->begin(manifest, document_.schema.to_toml());
    write_json_file(folder().path() / "data.json", data_.to_json());
    if (source_.tokenizer)
      write_atomically(folder().path() / kTokenizerFile, source_.tokenizer->model());
    writer_->finish([this] {
      train();
      finish();
    });
  }

  // A teacher's pass is part of a step.
  bool can_replay() const {
    return steps_are_alike(recipe_) && !student_ && start_->passes_are_alike();
  }

  // Steps on other rows, or with another teacher's answers, would belong to neither run.
  void check_same_sources(const Manifest& now) const {
    const CheckpointStore checkpoints(folder().checkpoints_path(), recipe_.train.keep);
    if (checkpoints.steps().empty()) return;
    const Manifest begun = folder().manifest();
    if (begun.data_digest != now.data_digest)
      throw UserError(
          "{}: the data are not those that the run was begun with; expected the same "
          "to --resume",
          options_.out.string());
    const bool known = !begun.teacher_digest.empty();  // runs of older versions have none
    if (known && begun.teacher_digest != now.teacher_digest)
      throw UserError(
          "{}: student.teacher = \"{}\" has other weights than when the run was begun; expected "
          "the same to --resume",
          options_.out.string(), recipe_.student.teacher);
  }

  void train() {
    const InterruptHandlers handlers;
    CheckpointStore checkpoints(folder().checkpoints_path(), recipe_.train.keep);
    std::optional<Checkpoint> checkpoint;
    if (options_.resume) checkpoint = checkpoints.latest();
    const int64_t step = checkpoint ? checkpoint->step : 0;
    if (checkpoint)
      log_info("going on after step {}", step);
    else if (student_)
      log_info("{}", student_->describe());

    MetricsLog metrics(folder().metrics_path(), checkpoint ? step : -1);
    EventFile events(folder().path(), step);
    Recorder recorder(metrics, events, model_->mixture_names(), device_);
    std::vector<Hook*> hooks = {&recorder};
    std::optional<WeightAverage> average;
    if (recipe_.train.average > 0)
      hooks.push_back(&average.emplace(*model_, recipe_.train.epochs, recipe_.train.average));
    // One row has neither batch statistics nor pairs: left out, another one each epoch.
    const int64_t rows = source_.train.rows(), batch = recipe_.data.batch;
    const bool alone_fails = has_batch_norm(recipe_) || recipe_.loss.compares_samples();
    const bool lone_row = alone_fails && rows > batch && rows % batch == 1;
    Batches batches(source_.train, source_.normaliser,
                    {.batch = batch,
                     .tokens = recipe_.data.tokens,
                     .drop_last = lone_row,
                     .seed = seed(),
                     .device = device_},
                    source_.augmentation);
    Optimiser optimiser(model_->parameters(), recipe_.train);
    const Schedule schedule(recipe_.train, recipe_.train.epochs * batches.steps_per_epoch());
    Trainer trainer({.model = *model_,
                     .objective = *objective_,
                     .optimiser = optimiser,
                     .schedule = schedule,
                     .batches = batches,
                     .checkpoints = checkpoints,
                     .validate = [this] { return validate(); },
                     .guide = [this](const Batch& rows) { return guide(rows); },
                     .hooks = hooks,
                     .target_deviation = source_.normaliser.target_deviation(),
                     .name = folder().name(),
                     .alike = can_replay()},
                    recipe_.train);
    if (checkpoint) trainer.resume(*checkpoint);
    trainer.run();
    state_ = trainer.state();
    if (recipe_.train.patience > 0)
      restore(checkpoints.best().value().file, model_tensors(*model_));
    if (average) average->apply();
  }

  Responder responder() const {
    return {*model_, recipe_, data_, source_.tokenizer.get(), device_};
  }

  std::optional<Scores> validate() const {
    const Dataset& rows = source_.valid;
    if (rows.rows() == 0) return {};
    return score(*model_, rows, data_.normaliser, responder().options());
  }

  void finish() {
    Summary summary;
    summary.name = folder().name();
    summary.data = source_.train.name;
    summary.device = writer_->manifest().device;
    summary.seed = recipe_.train.seed;
    summary.parameters = model_->parameter_count();
    summary.seconds = state_.seconds;
    summary.epochs = state_.epoch;
    summary.steps = state_.step;
    summary.told_class = recipe_.gate.kind == "classes";
    summary.valid = validate();
    if (student_) summary.student = student_->to_json();
    summary.figures = test_figures(folder().path(), responder(), source_.test, "test");
    write_json_file(folder().summary_path(), summary.to_json());
  }

  const RecipeDocument& document_;
  const Recipe& recipe_;
  const RunOptions& options_;
  c10::Device device_ = c10::kCPU;
  int64_t threads_ = 0;
  DataSource source_;
  DataRecord data_;
  std::unique_ptr<Model> model_;
  std::unique_ptr<Objective> objective_;
  std::unique_ptr<Start> start_;
  std::unique_ptr<Student> student_;  // with student.teacher
  std::unique_ptr<RunWriter> writer_;
  TrainState state_;
};

std::string what_is_read(const Recipe& recipe, const std::filesystem::path& data_root) {
  Recipe same;
  same.data = recipe.data;
  same.train.seed = recipe.train.seed;
  Schema schema;
  describe(schema, same);
  return data_root.string() + "\n" + schema.to_toml();
}

}  // namespace

void train_run(const RecipeDocument& document, const RunOptions& options) {
  TrainRun(document, options).run();
}

DataRecord Rehearsal::run(const RecipeDocument& document, const std::filesystem::path& data_root,
                          const PlannedRuns& planned) {
  RunOptions options;
  options.data_root = data_root;
  TrainRun run(document, options);
  const std::string read = what_is_read(document.recipe, data_root);
  if (read != read_) data_.reset();
  run.prepare(planned, data_);
  data_ = run.data();
  read_ = read;
  return data_->record();
}

}  // namespace moestro
