#include "moestro/lifecycle/inspect_run.h"

#include <nlohmann/json.hpp>

#include "moestro/core/error.h"
#include "moestro/lifecycle/inspection_files.h"
#include "moestro/lifecycle/trained_run.h"
#include "moestro/measure/adjusted_mutual_information.h"

namespace moestro {

namespace {

void inspect_mixture(const InspectOptions& options, const TrainedRun& run, const Dataset& rows,
                     InspectedRun& inspected) {
  const auto inspection_of = [&](const TrainedRun& of) {
    return inspect(of.evaluate(rows, /*experts=*/true), rows, of.data().normaliser, inspected.set);
  };
  inspected.inspection = inspection_of(run);
  for (const std::string& path : options.beside) {
    const TrainedRun other(path, options.device, options.threads);
    other.mixture();  // throws for another kind of model
    inspected.agreement.push_back(
        {path,
         adjusted_mutual_information(inspected.inspection->owner_N, inspection_of(other).owner_N)});
  }
}

}  // namespace

InspectedRun inspect_run(const InspectOptions& options) {
  const TrainedRun run(options.run, options.device, options.threads);
  const bool whole_networks = !run.recipe().model.transformer();
  if (!whole_networks && run.model().mixture_names().empty())
    throw UserError("{}: a Transformer without mixture layers; expected experts to inspect",
                    options.run);
  if (!whole_networks && !options.beside.empty()) run.mixture();  // throws
  const Dataset rows = run.rows(options.data, options.data_root, Targets::required);
  InspectedRun inspected;
  inspected.set = options.data.empty() ? "test" : options.data;
  inspected.rows = rows.rows();
  if (whole_networks)
    inspect_mixture(options, run, rows, inspected);
  else
    inspected.layers = inspect_layers(run.responder(), rows);
  return inspected;
}

nlohmann::ordered_json InspectedRun::to_json() const {
  if (!inspection) return layers_json(layers, set, rows);
  nlohmann::ordered_json json = inspection->to_json();
  for (const auto& [run, information] : agreement)
    json["agreement"].push_back({{"run", run}, {"adjusted_mutual_information", information}});
  return json;
}

}  // namespace moestro
