#include "moestro/lifecycle/export_run.h"

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include "moestro/core/error.h"
#include "moestro/core/version.h"
#include "moestro/lifecycle/trained_run.h"
#include "moestro/nn/translator.h"
#include "moestro/store/file.h"
#include "moestro/train/checkpoint.h"
#include "onnx_model.h"

namespace moestro {

namespace fs = std::filesystem;

namespace {

constexpr const char* kExperts = "experts.";  // of a mixture of whole networks
constexpr const char* kGate = "gate.";

void check_name(const fs::path& out, bool force) {
  if (out.extension() != ".onnx" && out.extension() != ".safetensors")
    throw UserError("{}: unknown kind of file; expected a name that ends in .onnx or .safetensors",
                    out.string());
  std::error_code none;
  if (!force && fs::exists(out, none))
    throw UserError("{} exists; use --force to replace it", out.string());
}

void check_dense(const TrainedRun& run) {
  const std::string where = run.folder().path().string();
  if (dynamic_cast<const Translator*>(&run.model()))
    throw UserError(
        "{}: a translator, whose search for words is no single graph; expected a run that answers "
        "with classes or values",
        where);
  if (const int64_t experts = run.recipe().expert.count; experts > 1)
    throw UserError("{}: a mixture of {} experts; expected a dense run (moestro densify makes one)",
                    where, experts);
  if (run.recipe().model.transformer()) return;
  for (const LayerSpec& spec : run.mixture().bank().specs())
    if (spec.batch_statistics)
      throw UserError(
          "{}: expert.layers[{}] \"{}\" answers by the other rows of a batch; expected "
          "\"batchnorm\", with running statistics",
          where, spec.index, spec.text);
}

// Without the expert axis, and what a gate over one expert has.
NamedTensors dense_weights(const Model& model) {
  NamedTensors weights;
  for (auto& [name, tensor] : model_tensors(model)) {
    if (name.starts_with(kGate)) continue;
    MOESTRO_CHECK(tensor.size(0) == 1, "{} of {}", name, shape_text(tensor.sizes().vec()));
    const size_t prefix = name.starts_with(kExperts) ? std::string(kExperts).size() : 0;
    weights.emplace_back(name.substr(prefix), tensor.detach().select(0, 0).to(at::kFloat));
  }
  return weights;
}

std::map<std::string, std::string> metadata(const TrainedRun& run) {
  const DataRecord& data = run.data();
  const nlohmann::json record = data.to_json();
  std::map<std::string, std::string> entries = {{"format", "moestro"},
                                                {"version", version()},
                                                {"run", run.folder().name()},
                                                {"recipe", read_file(run.folder().recipe_path())}};
  for (const char* key : {"normaliser", "table", "text"})
    if (record.contains(key)) entries[key] = record[key].dump();
  if (data.classes > 0) entries["class_names"] = record["class_names"].dump();
  if (data.table) entries["inputs"] = nlohmann::json(data.table->input_names()).dump();
  return entries;
}

}  // namespace

void export_run(const fs::path& path, const fs::path& out, bool force) {
  check_name(out, force);
  RunFolder::open(path).check_finished(path.string());
  const TrainedRun run(path, "cpu");
  check_dense(run);
  const NamedTensors weights = dense_weights(run.model());
  std::map<std::string, std::string> entries = metadata(run);
  if (out.extension() == ".safetensors") {
    entries["linear_weights"] = "[in, out]";
    write_safetensors(out, weights, entries);
    return;
  }
  OnnxGraph graph = onnx_model(run, weights);
  graph.name = run.folder().name();
  graph.metadata = std::move(entries);
  write_onnx(out, graph);
}

}  // namespace moestro
