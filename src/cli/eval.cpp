#include <cstdio>

#include <nlohmann/json.hpp>

#include "moestro/lifecycle/speed_of_runs.h"
#include "moestro/lifecycle/summary.h"
#include "moestro/lifecycle/trained_run.h"
#include "moestro/report/format.h"
#include "moestro/report/speed_text.h"
#include "verb.h"

namespace moestro {
namespace {

void eval(const SpeedRequest& request, const CommonFlags& common) {
  const std::string &folder = request.run, &data = request.data;
  TrainedRun run(folder, common.device, common.threads);
  if (request.hard) run.choose_one();
  const Dataset rows = run.rows(data, common.data_root, Targets::required);
  const nlohmann::ordered_json scores = figures(run.responder(), rows).to_json();
  if (common.json) {
    fmt::print("{}\n", scores.dump(2));
    return;
  }
  fmt::print("{}{} on {} ({} rows)\n", folder, request.hard ? ", one expert a row," : "",
             data.empty() ? "the test rows of " + rows.name : rows.name, rows.rows());
  const nlohmann::ordered_json flat = scores.flatten();
  for (const auto& [name, value] : flat.items())
    fmt::print("  {:45} {}\n", name.substr(1),
               value.is_number_float() ? value_text(value.get<double>()) : value.dump());
}

void eval_speed(SpeedRequest request, const CommonFlags& common) {
  request.data_root = common.data_root;
  request.device = common.device;
  request.threads = common.threads;
  const SpeedsOfRuns speeds = speeds_of_runs(request);
  if (common.json)
    fmt::print("{}\n", speeds.to_json().dump(2));
  else
    fmt::print("{}", speed_text(speeds, stdout_rules()));
}

}  // namespace

void add_eval(CLI::App& app, CommonFlags& common) {
  CLI::App* verb =
      add_verb(app, "eval", "how well a run does on its test rows, or on others; or how fast",
               "  moestro eval runs/mnist\n"
               "  moestro eval runs/mnist --data notmnist --json\n"
               "  moestro eval runs/houses --data more-houses.csv\n"
               "  moestro eval runs/mnist --speed                    parameters, time, memory\n"
               "  moestro eval runs/mnist --speed --beside runs/one  in turns with another run\n"
               "  moestro eval runs/plain --hard --speed --beside runs/plain     what one expert a "
               "row saves");
  auto request = std::make_shared<SpeedRequest>();
  auto speed = std::make_shared<bool>(false);
  add_argument(*verb, "RUN", request->run, "a run folder");
  CLI::Option* timed = verb->add_flag(
      "--speed", *speed,
      "in place of scores: parameters, operations, the time of a batch of one sample, the samples "
      "a second of large batches, and memory");
  verb->add_option("--beside", request->beside,
                   "another run on such rows, in turns with the first on its device: the ratios, "
                   "and how near they come to what weights and operations allow")
      ->type_name("RUN")
      ->check([](const std::string& run) {
        return run.empty() ? std::string("expected a run folder") : std::string();
      })
      ->needs(timed);
  verb->add_flag("--hard", request->hard,
                 "the expert that the gate gives most answers for a row alone, and no other one is "
                 "computed (not of RUN --beside)");
  verb->add_option("--data", request->data,
                   "a set's name or a path (default: the run's own test rows)")
      ->type_name("NAME|PATH");
  add_data_root(*verb, common);
  add_compute(*verb, common);
  add_json(*verb, common);
  verb->callback([request, speed, &common] {
    if (*speed)
      eval_speed(*request, common);
    else
      eval(*request, common);
  });
}

}  // namespace moestro
