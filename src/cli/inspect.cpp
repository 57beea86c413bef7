#include <cstdio>

#include <nlohmann/json.hpp>

#include "moestro/lifecycle/inspection.h"
#include "moestro/lifecycle/trained_run.h"
#include "moestro/report/inspection_text.h"
#include "verb.h"

namespace moestro {
namespace {

void inspect_run(const std::string& folder, const std::string& data, const CommonFlags& common) {
  const TrainedRun run(folder, common.device, common.threads);
  const Dataset rows = run.rows(data, common.data_root, Targets::required);
  const nlohmann::ordered_json inspection =
      inspect(run.evaluate(rows, /*experts=*/true), rows, run.data().normaliser,
              data.empty() ? "test" : data)
          .to_json();
  if (common.json)
    fmt::print("{}\n", inspection.dump(2));
  else
    fmt::print("{}", inspection_text(inspection_record(inspection, folder), stdout_rules()));
}

}  // namespace

void add_inspect(CLI::App& app, CommonFlags& common) {
  CLI::App* verb = add_verb(app, "inspect", "what each expert of a run learned",
                            "  moestro inspect runs/mnist\n"
                            "  moestro inspect runs/mnist --data notmnist\n"
                            "  moestro inspect runs/mnist --json | jq .right");
  auto folder = std::make_shared<std::string>(), data = std::make_shared<std::string>();
  add_argument(*verb, "RUN", *folder, "a run folder");
  verb->add_option("--data", *data, "a set's name or a path (default: the run's own test rows)")
      ->type_name("NAME|PATH");
  add_data_root(*verb, common);
  add_compute(*verb, common);
  add_json(*verb, common);
  verb->callback([folder, data, &common] { inspect_run(*folder, *data, common); });
}

}  // namespace moestro
