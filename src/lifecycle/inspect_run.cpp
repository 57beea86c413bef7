#include "moestro/lifecycle/inspect_run.h"

#include <nlohmann/json.hpp>

#include "moestro/core/error.h"
#include "moestro/core/log.h"
#include "moestro/lifecycle/inspection_files.h"
#include "moestro/lifecycle/partition.h"
#include "moestro/lifecycle/trained_run.h"
#include "moestro/measure/adjusted_mutual_information.h"
#include "moestro/store/json_file.h"

namespace moestro {

namespace {

TrainedRun other_run(const InspectOptions& options, const TrainedRun& run,
                     const std::string& path) {
  TrainedRun other(path, options.device, options.threads);
  other.mixture();  // throws for another kind of model
  check_same_inputs(other.data(), run.data(), path);
  return other;
}

void add_agreement(const InspectOptions& options, const TrainedRun& run, const Dataset& rows,
                   InspectedRun& inspected) {
  for (const std::string& path : options.beside) {
    const Tensor owner_N = other_run(options, run, path).evaluate(rows).probs_NE.argmax(1);
    inspected.agreement.push_back(
        {path, adjusted_mutual_information(inspected.inspection->owner_N, owner_N)});
  }
}

InspectedRun::Partition partition_of(const InspectOptions& options, const TrainedRun& run,
                                     const Evaluation& evaluation, const Dataset& rows) {
  const int64_t experts = evaluation.probs_NE.size(1);
  const Tensor probs_NE = other_run(options, run, options.partition).evaluate(rows).probs_NE;
  if (probs_NE.size(1) != experts)
    throw UserError("{}: {} expert{}; expected {} as in {}, a part for each", options.partition,
                    probs_NE.size(1), probs_NE.size(1) == 1 ? "" : "s", experts, options.run);
  const Tensor part_N = probs_NE.argmax(1), part_E = parts_of_experts(evaluation.probs_NE, part_N);
  const int64_t* parts = part_E.const_data_ptr<int64_t>();
  return {options.partition,
          {parts, parts + experts},
          probe_experts(evaluation, rows, owners_by_part(part_E, part_N))};
}

void inspect_mixture(const InspectOptions& options, const TrainedRun& run, const Dataset& rows,
                     InspectedRun& inspected) {
  const bool probed = options.probe || !options.partition.empty();
  if (probed && run.mixture().bank().experts() == 1)
    throw UserError("{}: one expert alone; expected several to probe", options.run);
  const Evaluation evaluation = run.evaluate(rows, /*experts=*/true);
  inspected.inspection = inspect(evaluation, rows, run.data().normaliser, inspected.set);
  add_agreement(options, run, rows, inspected);
  if (!options.partition.empty())
    inspected.partition = partition_of(options, run, evaluation, rows);
}

void inspect_transformer(const Responder& responder, const Dataset& rows, bool probe,
                         InspectedRun& inspected) {
  if (responder.model.mixture_names().empty()) {
    inspected.scores = responder.score(rows);
    return;
  }
  inspected.layers = inspect_layers(responder, rows);
  if (!probe) return;
  const std::vector<LayerProbing> probed =
      probe_layers(responder.model, rows, responder.data.normaliser, responder.options());
  for (size_t i = 0; i < probed.size(); ++i) inspected.layers[i].probing = probed[i];
}

nlohmann::ordered_json folding_of(const TrainedRun& run) {
  if (run.recipe().student.teacher.empty()) return {};
  if (run.folder().is_finished()) {
    const nlohmann::json summary = read_json_file(run.folder().summary_path());
    return summary.contains("student") ? summary["student"] : nlohmann::json();
  }
  log_info("{}: what was kept of its teacher's experts is written once the run has finished",
           run.folder().path().string());
  return {};
}

}  // namespace

InspectedRun inspect_run(const InspectOptions& options) {
  const TrainedRun run(options.run, options.device, options.threads);
  const bool whole_networks = !run.recipe().model.transformer();
  if (options.probe && !whole_networks && run.model().mixture_names().empty())
    throw UserError("{}: a Transformer without mixture layers; expected experts to probe",
                    options.run);
  if (!options.beside.empty() || !options.partition.empty()) run.mixture();  // throws
  const Dataset rows = run.rows(options.data, options.data_root, Targets::required);
  InspectedRun inspected;
  inspected.set = options.data.empty() ? "test" : options.data;
  inspected.rows = rows.rows();
  if (whole_networks)
    inspect_mixture(options, run, rows, inspected);
  else
    inspect_transformer(run.responder(), rows, options.probe, inspected);
  inspected.student = folding_of(run);
  return inspected;
}

nlohmann::ordered_json InspectedRun::to_json() const {
  nlohmann::ordered_json json = inspection ? inspection->to_json() : layers_json(layers, set, rows);
  if (scores) json.update({{"model_loss", scores->loss}, {"model_error", scores->error}});
  if (!student.is_null()) json["student"] = student;
  for (const auto& [run, information] : agreement)
    json["agreement"].push_back({{"run", run}, {"adjusted_mutual_information", information}});
  if (partition) {
    nlohmann::ordered_json& part = json["partition"];
    part = {{"run", partition->run}, {"part_of_expert", partition->part_of_expert}};
    part.update(partition->probing.to_json());
  }
  return json;
}

void keep(const InspectedRun& inspected, const std::filesystem::path& run) {
  nlohmann::ordered_json json = inspected.to_json();
  json.erase("agreement");
  write_json_file(run / "inspection.json", json);
}

}  // namespace moestro
