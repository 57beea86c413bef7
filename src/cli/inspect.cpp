#include <cstdio>

#include <nlohmann/json.hpp>

#include "moestro/lifecycle/inspection.h"
#include "moestro/lifecycle/trained_run.h"
#include "moestro/measure/adjusted_mutual_information.h"
#include "moestro/report/inspection_text.h"
#include "verb.h"

namespace moestro {
namespace {

struct InspectFlags {
  std::string run, data;
  std::vector<std::string> others;
};

void inspect_run(const InspectFlags& flags, const CommonFlags& common) {
  const TrainedRun run(flags.run, common.device, common.threads);
  const Dataset rows = run.rows(flags.data, common.data_root, Targets::required);
  const auto split = [&](const TrainedRun& of) {
    return inspect(of.evaluate(rows, /*experts=*/true), rows, of.data().normaliser,
                   flags.data.empty() ? "test" : flags.data);
  };
  const Inspection ours = split(run);
  nlohmann::ordered_json json = ours.to_json();
  std::string text = inspection_text(inspection_record(json, flags.run), stdout_rules());
  for (const std::string& other : flags.others) {
    const Inspection theirs = split(TrainedRun(other, common.device, common.threads));
    const double agreement = adjusted_mutual_information(ours.owner_N, theirs.owner_N);
    json["agreement"].push_back({{"run", other}, {"adjusted_mutual_information", agreement}});
    text += fmt::format("agreement with the split of {}: {:.3f} (adjusted mutual information)\n",
                        other, agreement);
  }
  fmt::print("{}", common.json ? json.dump(2) + "\n" : text);
}

}  // namespace

void add_inspect(CLI::App& app, CommonFlags& common) {
  CLI::App* verb =
      add_verb(app, "inspect", "what each expert of a run learned",
               "  moestro inspect runs/mnist\n"
               "  moestro inspect runs/mnist --data notmnist\n"
               "  moestro inspect runs/mnist --beside runs/mnist-1   do they split alike?\n"
               "  moestro inspect runs/mnist --json | jq .right");
  auto flags = std::make_shared<InspectFlags>();
  add_argument(*verb, "RUN", flags->run, "a run folder");
  verb->add_option(
          "--beside", flags->others,
          "another run: how far it splits the same rows alike, 1 being alike; may be repeated")
      ->type_name("RUN")
      ->take_all()
      ->expected(1);
  verb->add_option("--data", flags->data,
                   "a set's name or a path (default: the run's own test rows)")
      ->type_name("NAME|PATH");
  add_data_root(*verb, common);
  add_compute(*verb, common);
  add_json(*verb, common);
  verb->callback([flags, &common] { inspect_run(*flags, common); });
}

}  // namespace moestro
