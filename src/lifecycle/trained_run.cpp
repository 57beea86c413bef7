#include "moestro/lifecycle/trained_run.h"

#include <nlohmann/json.hpp>

#include "moestro/core/device.h"
#include "moestro/core/error.h"
#include "moestro/core/log.h"
#include "moestro/data/source.h"
#include "moestro/lifecycle/answers.h"
#include "moestro/store/checkpoint_store.h"
#include "moestro/store/json_file.h"
#include "moestro/train/checkpoint.h"
#include "moestro/train/model.h"

namespace moestro {
namespace {

Checkpoint weights(const RunFolder& folder, const Recipe& recipe) {
  const CheckpointStore checkpoints(folder.checkpoints_path(), recipe.train.keep);
  const bool best = folder.is_finished() && recipe.train.patience > 0;
  std::optional<Checkpoint> checkpoint = best ? checkpoints.best() : checkpoints.latest();
  if (!checkpoint)
    throw UserError("{}: the run has no checkpoint yet; expected one that has trained for a while",
                    folder.path().string());
  if (!folder.is_finished())
    log_info("{}: the run is not finished; these are the weights after step {}",
             folder.path().string(), checkpoint->step);
  return std::move(*checkpoint);
}

}  // namespace

TrainedRun::TrainedRun(const std::filesystem::path& path, const std::string& device,
                       int64_t threads)
    : folder_(RunFolder::open(path)),
      document_(std::make_unique<RecipeDocument>()),
      device_(c10::kCPU) {
  document_->schema.parse_file(folder_.recipe_path());
  set_threads(threads < 0 ? recipe().train.threads : threads);
  const std::filesystem::path data = folder_.path() / "data.json";
  data_ = DataRecord::from_json(read_json_file(data), data.string());
  mixture_ =
      std::make_unique<Mixture>(build_mixture(*document_, {data_.sample_shape, data_.classes}));
  restore(weights(folder_, recipe()).file, model_tensors(*mixture_));
  device_ = resolve_device(device.empty() ? recipe().train.device : device);
  convert(mixture_->parameters(), mixture_->buffers(), device_);
}

Dataset TrainedRun::rows(const std::string& what, const std::filesystem::path& data_root,
                         Targets targets) const {
  if (!what.empty()) return load_new_rows(data_, what, data_root, targets);
  const DataSource source =
      load_data(recipe().data, data_root, static_cast<uint64_t>(recipe().train.seed));
  if (source.digest() != folder_.manifest().data_digest)
    throw UserError(
        "{}: the data are not those that the run was trained with, so its own test rows are gone; "
        "expected --data NAME|PATH",
        folder_.path().string());
  return source.test;
}

Evaluation TrainedRun::evaluate(const Dataset& rows, bool experts) const {
  if (rows.sample_shape() != data_.sample_shape)
    throw UserError("{}: takes samples of {}; expected such rows, not of {}",
                    folder_.path().string(), shape_text(data_.sample_shape),
                    shape_text(rows.sample_shape()));
  return finite_answers(
      *mixture_, rows, data_.normaliser,
      {.device = device_, .precision = compute_type(recipe().train), .experts = experts});
}

}  // namespace moestro
