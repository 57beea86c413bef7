#include "moestro/lifecycle/inspect_run.h"

#include <nlohmann/json.hpp>

#include "moestro/lifecycle/trained_run.h"
#include "moestro/measure/adjusted_mutual_information.h"

namespace moestro {

InspectedRun inspect_run(const InspectOptions& options) {
  const TrainedRun run(options.run, options.device, options.threads);
  const Dataset rows = run.rows(options.data, options.data_root, Targets::required);
  const auto inspection_of = [&](const TrainedRun& of) {
    return inspect(of.evaluate(rows, /*experts=*/true), rows, of.data().normaliser,
                   options.data.empty() ? "test" : options.data);
  };
  InspectedRun inspected{inspection_of(run), {}};
  for (const std::string& other : options.beside) {
    const Inspection theirs = inspection_of(TrainedRun(other, options.device, options.threads));
    inspected.agreement.push_back(
        {other, adjusted_mutual_information(inspected.inspection.owner_N, theirs.owner_N)});
  }
  return inspected;
}

nlohmann::ordered_json InspectedRun::to_json() const {
  nlohmann::ordered_json json = inspection.to_json();
  for (const auto& [run, information] : agreement)
    json["agreement"].push_back({{"run", run}, {"adjusted_mutual_information", information}});
  return json;
}

}  // namespace moestro
