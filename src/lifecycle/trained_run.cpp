#include "moestro/lifecycle/trained_run.h"

#include <nlohmann/json.hpp>

#include "moestro/core/device.h"
#include "moestro/core/error.h"
#include "moestro/core/log.h"
#include "moestro/core/schema_peek.h"
#include "moestro/data/source.h"
#include "moestro/store/digest.h"
#include "moestro/store/json_file.h"
#include "moestro/train/checkpoint.h"
#include "moestro/train/model.h"
#include "moestro/train/weight_average.h"

namespace moestro {
namespace {

Checkpoint weights(const RunFolder& folder, const Recipe& recipe, Damaged damaged) {
  const CheckpointStore checkpoints(folder.checkpoints_path(), recipe.train.keep);
  const bool best = folder.is_finished() && recipe.train.patience > 0;
  std::optional<Checkpoint> checkpoint = best ? checkpoints.best() : checkpoints.latest(damaged);
  if (!checkpoint && folder.is_finished())
    throw UserError("{}: no checkpoint is whole; expected the run trained again",
                    folder.path().string());
  if (!checkpoint)
    throw UserError("{}: the run has no checkpoint yet; expected one that has trained for a while",
                    folder.path().string());
  if (!folder.is_finished())
    log_info("{}: the run is not finished; these are the weights after step {}",
             folder.path().string(), checkpoint->step);
  return std::move(*checkpoint);
}

// None for what is no text, or was read as ids.
std::shared_ptr<const Tokenizer> read_tokenizer(const std::filesystem::path& folder,
                                                const DataRecord& data) {
  const std::filesystem::path path = folder / kTokenizerFile;
  std::error_code none;
  if (!data.text || (data.text->layout.format == "ids" && !std::filesystem::exists(path, none)))
    return nullptr;
  auto tokenizer = Tokenizer::load(path);
  if (tokenizer->vocabulary() != data.text->vocabulary)
    throw UserError("{}: {} pieces; expected {}, as the run was trained with", path.string(),
                    tokenizer->vocabulary(), data.text->vocabulary);
  const std::string& digest = data.text->tokenizer_digest;
  if (!digest.empty() && sha256_hex(tokenizer->model()) != digest)
    throw UserError("{}: other word pieces; expected those that the run was trained with",
                    path.string());
  return tokenizer;
}

}  // namespace

void check_no_stream(const RunFolder& folder) {
  if (has_section(folder.recipe_path(), "stream"))
    throw UserError(
        "{}: a run of `moestro continual`, which `report`, `continual` and `predict` read; "
        "expected one of `moestro train`",
        folder.path().string());
}

TrainedRun::TrainedRun(const std::filesystem::path& path, const std::string& device,
                       int64_t threads, Damaged damaged)
    : folder_(RunFolder::open(path)),
      document_(std::make_unique<RecipeDocument>()),
      device_(c10::kCPU) {
  check_no_stream(folder_);
  document_->schema.parse_file(folder_.recipe_path());
  set_threads(threads < 0 ? recipe().train.threads : threads);
  const std::filesystem::path data = folder_.path() / "data.json";
  data_ = DataRecord::from_json(read_json_file(data), data.string());
  tokenizer_ = read_tokenizer(folder_.path(), data_);
  model_ = build_model(*document_, task_of(data_));
  const Checkpoint checkpoint = weights(folder_, recipe(), damaged);
  if (folder_.is_finished() && recipe().train.average > 0)
    restore_average(checkpoint.file, *model_);
  else
    restore(checkpoint.file, model_tensors(*model_));
  device_ = resolve_device(device.empty() ? recipe().train.device : device);
  convert(model_->parameters(), model_->buffers(), device_);
}

const Mixture& TrainedRun::mixture() const {
  if (const auto* mixture = dynamic_cast<const Mixture*>(model_.get())) return *mixture;
  throw UserError("{}: its model.kind is \"{}\"; expected a mixture of whole networks",
                  folder_.path().string(), recipe().model.kind);
}

void TrainedRun::choose_one() {
  mixture();
  try {
    dynamic_cast<Mixture&>(*model_).choose_one();
  } catch (const UserError& error) {
    throw UserError("{}: {}", folder_.path().string(), error.what());
  }
}

Responder TrainedRun::responder() const {
  return {*model_, recipe(), data_, tokenizer_.get(), device_};
}

Dataset TrainedRun::rows(const std::string& what, const std::filesystem::path& data_root,
                         Targets targets) const {
  if (!what.empty()) {
    const Dataset rows = load_new_rows(data_, what, data_root, targets, tokenizer_);
    check_rows(rows);
    return rows;
  }
  const DataSource source =
      load_data(recipe().data, data_root, static_cast<uint64_t>(recipe().train.seed), tokenizer_);
  if (source.digest() != folder_.manifest().data_digest)
    throw UserError(
        "{}: the data are not those that the run was trained with, so its own test rows are gone; "
        "expected --data NAME|PATH",
        folder_.path().string());
  return source.test;
}

void TrainedRun::check_rows(const Dataset& rows) const {
  if (!rows.is_text() && rows.sample_shape() != data_.sample_shape)
    throw UserError("{}: takes samples of {}; expected such rows, not of {}",
                    folder_.path().string(), shape_text(data_.sample_shape),
                    shape_text(rows.sample_shape()));
}

Evaluation TrainedRun::evaluate(const Dataset& rows, bool experts) const {
  check_rows(rows);
  return responder().evaluate(rows, experts);
}

}  // namespace moestro
