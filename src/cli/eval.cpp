#include <cstdio>

#include <nlohmann/json.hpp>

#include "moestro/lifecycle/summary.h"
#include "moestro/lifecycle/trained_run.h"
#include "moestro/report/format.h"
#include "verb.h"

namespace moestro {
namespace {

void eval(const std::string& folder, const std::string& data, const CommonFlags& common) {
  const TrainedRun run(folder, common.device, common.threads);
  const Dataset rows = run.rows(data, common.data_root, Targets::required);
  const nlohmann::ordered_json scores = figures(run.responder(), rows).to_json();
  if (common.json) {
    fmt::print("{}\n", scores.dump(2));
    return;
  }
  fmt::print("{} on {} ({} rows)\n", folder,
             data.empty() ? "the test rows of " + rows.name : rows.name, rows.rows());
  const nlohmann::ordered_json flat = scores.flatten();
  for (const auto& [name, value] : flat.items())
    fmt::print("  {:45} {}\n", name.substr(1),
               value.is_number_float() ? value_text(value.get<double>()) : value.dump());
}

}  // namespace

void add_eval(CLI::App& app, CommonFlags& common) {
  CLI::App* verb = add_verb(app, "eval", "how well a run does on its test rows, or on others",
                            "  moestro eval runs/mnist\n"
                            "  moestro eval runs/mnist --data notmnist --json\n"
                            "  moestro eval runs/houses --data more-houses.csv");
  auto folder = std::make_shared<std::string>(), data = std::make_shared<std::string>();
  add_argument(*verb, "RUN", *folder, "a run folder");
  verb->add_option("--data", *data, "a set's name or a path (default: the run's own test rows)")
      ->type_name("NAME|PATH");
  add_data_root(*verb, common);
  add_compute(*verb, common);
  add_json(*verb, common);
  verb->callback([folder, data, &common] { eval(*folder, *data, common); });
}

}  // namespace moestro
