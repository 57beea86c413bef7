#include "moestro/lifecycle/teacher.h"

#include "moestro/core/error.h"
#include "moestro/store/tensor_digest.h"
#include "moestro/train/checkpoint.h"
#include "moestro/train/model.h"

namespace moestro {
namespace {

// Rows that are held out here must not have been learned from there.
void check_held_out(const RecipeDocument& document, const Recipe& there, const DataSource& data,
                    const std::string& where) {
  const Recipe& here = document.recipe;
  const bool other_seed = there.train.seed != here.train.seed;
  if (data.valid.rows() > 0 && (other_seed || there.data.validation != here.data.validation))
    throw UserError(
        "{}: may have learned from the validation rows; expected the same train.seed and "
        "data.validation, or data.validation = 0",
        where);
  if (data.test_is_split && (other_seed || there.data.test != here.data.test))
    throw UserError(
        "{}: may have learned from the test rows, which are split off by seed; expected "
        "the same train.seed and data.test",
        where);
}

void check_data(const DataRecord& there, const DataRecord& here, const std::string& where) {
  check_same_inputs(there, here, where);
  if (there.classes != here.classes)
    throw UserError("{}: trained on {} classes; expected {}", where, there.classes, here.classes);
  if (there.normaliser != here.normaliser)
    throw UserError(
        "{}: its inputs were normalised otherwise; expected the same training rows, or "
        "the same data.mean and data.deviation",
        where);
}

}  // namespace

Teacher::~Teacher() = default;

Teacher::Teacher(const RecipeDocument& document, const std::string& key, const std::string& folder,
                 const DataSource& data, c10::Device device, const PlannedRuns& planned)
    : where_(fmt::format("{} = \"{}\"", document.schema.where(key), folder)) {
  const auto found = planned.find(folder);
  if (found == planned.end())
    open(folder, data, device, document.recipe.train.threads);
  else
    plan(found->second, data, device);
  check_held_out(document, recipe(), data, where_);
}

void Teacher::plan(const std::string& text, const DataSource& data, c10::Device device) {
  planned_.schema.parse_text(text, where_);
  planned_model_ = build_model(planned_, task_of(data.record()));
  convert(planned_model_->parameters(), planned_model_->buffers(), device);
}

void Teacher::open(const std::string& folder, const DataSource& data, c10::Device device,
                   int64_t threads) {
  run_ = std::make_unique<TrainedRun>(folder, device.is_cuda() ? "cuda" : "cpu", threads,
                                      Damaged::refused);
  run_->folder().check_finished(where_);
  check_data(run_->data(), data.record(), where_);
}

const Recipe& Teacher::recipe() const {
  return run_ ? run_->recipe() : planned_.recipe;
}

const Model& Teacher::model() const {
  return run_ ? run_->model() : *planned_model_;
}

std::string Teacher::digest() const {
  return digest_of(model_tensors(model()));
}

const Mixture& Teacher::mixture() const {
  if (const auto* mixture = dynamic_cast<const Mixture*>(&model())) return *mixture;
  throw UserError("{}: its model.kind is \"{}\"; expected a mixture of whole networks", where_,
                  recipe().model.kind);
}

void check_apart(const RecipeDocument& document, const std::filesystem::path& out) {
  const Recipe& recipe = document.recipe;
  const std::filesystem::path here =
      std::filesystem::weakly_canonical(std::filesystem::absolute(out));
  const auto check = [&](const char* key, const std::string& run) {
    if (run.empty()) return;
    const std::filesystem::path there =
        std::filesystem::weakly_canonical(std::filesystem::absolute(run));
    const auto holds = [](const auto& a, const auto& b) {
      return *b.lexically_relative(a).begin() != "..";
    };
    if (holds(here, there) || holds(there, here))
      throw UserError(
          "{} = \"{}\" is read, and {} would be written over it or into it; expected another "
          "folder",
          document.schema.where(key), run, out.string());
  };
  check("start.run", recipe.start.run);
  check("loss.similarity_run", recipe.loss.similarity_run);
  check("student.teacher", recipe.student.teacher);
}

}  // namespace moestro
