#include <cstdio>

#include <nlohmann/json.hpp>

#include "moestro/core/log.h"
#include "moestro/lifecycle/inspect_run.h"
#include "moestro/report/inspection_text.h"
#include "moestro/report/probing_text.h"
#include "moestro/report/student_text.h"
#include "verb.h"

namespace moestro {
namespace {

void inspect(InspectOptions options, const CommonFlags& common) {
  options.data_root = common.data_root;
  options.device = common.device;
  options.threads = common.threads;
  const InspectedRun inspected = inspect_run(options);
  if (options.probe && options.data.empty()) {
    keep(inspected, options.run);
    log_info("kept in {}/inspection.json; `moestro report {}` shows it", options.run, options.run);
  }
  if (common.json) {
    fmt::print("{}\n", inspected.to_json().dump(2));
    return;
  }
  const InspectionRecord record = inspection_record(inspected.to_json(), options.run);
  if (inspected.scores)
    fmt::print("{}", dense_text(record, read_run(options.run)));
  else
    fmt::print("{}", inspection_text(record, stdout_rules()));
  if (!inspected.student.is_null())
    fmt::print("\n{}", student_text(read_run(options.run), stdout_rules()));
  if (options.probe) fmt::print("\n{}", probing_text(record, stdout_rules()));
  for (const auto& [run, information] : inspected.agreement)
    fmt::print("agreement with the split of {}: {:.3f} (adjusted mutual information)\n", run,
               information);
}

}  // namespace

void add_inspect(CLI::App& app, CommonFlags& common) {
  CLI::App* verb =
      add_verb(app, "inspect",
               "what each expert of a run learned, or what a student kept of its mixture's experts",
               "  moestro inspect runs/mnist\n"
               "  moestro inspect runs/mnist --data notmnist\n"
               "  moestro inspect runs/mnist --beside runs/mnist-1   do they split alike?\n"
               "  moestro inspect runs/mnist --probe                 each expert alone\n"
               "  moestro inspect runs/mnist-student                 of `moestro densify`\n"
               "  moestro inspect runs/mnist --json | jq .right");
  auto options = std::make_shared<InspectOptions>();
  add_argument(*verb, "RUN", options->run, "a run folder");
  verb->add_option(
          "--beside", options->beside,
          "another run: how far it splits the same rows alike, 1 being alike; may be repeated")
      ->type_name("RUN")
      ->take_all()
      ->expected(1);
  CLI::Option* probe = verb->add_flag(
      "--probe", options->probe,
      "each expert alone: on the samples that it owns, on the others' and on all; of a Transformer "
      "for all rows of its layer, which takes a pass an expert; of the run's own test rows it is "
      "kept "
      "for the report");
  verb->add_option("--partition", options->partition,
                   "also on the split of another run's gate, each of its parts for "
                   "one expert, so that they overlap as far as can be")
      ->type_name("RUN")
      ->check([](const std::string& run) {
        return run.empty() ? std::string("expected a run folder") : std::string();
      })
      ->needs(probe);
  verb->add_option("--data", options->data,
                   "a set's name or a path (default: the run's own test rows)")
      ->type_name("NAME|PATH");
  add_data_root(*verb, common);
  add_compute(*verb, common);
  add_json(*verb, common);
  verb->callback([options, &common] { inspect(*options, common); });
}

}  // namespace moestro
