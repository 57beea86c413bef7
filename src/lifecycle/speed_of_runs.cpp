#include "moestro/lifecycle/speed_of_runs.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "moestro/core/device.h"
#include "moestro/core/error.h"
#include "moestro/lifecycle/trained_run.h"

namespace moestro {
namespace {

using Json = nlohmann::ordered_json;

void check_comparable(const DataRecord& there, const DataRecord& here, const std::string& where) {
  if (there.text.has_value() != here.text.has_value())
    throw UserError("{}: trained on {}; expected {}, as the other run was", where,
                    there.text ? "texts" : "other rows than texts",
                    here.text ? "texts" : "other rows than texts");
  check_same_inputs(there, here, where);
  if (there.text && (there.text->vocabulary != here.text->vocabulary ||
                     there.text->tokenizer_digest != here.text->tokenizer_digest))
    throw UserError("{}: reads other word pieces; expected those of the other run", where);
  if (there.classes != here.classes)
    throw UserError("{}: answers with {} classes; expected {}", where, there.classes, here.classes);
}

RunSpeed named(const TrainedRun& run, const std::string& name, const Speed& speed) {
  return {name, run.recipe().train.precision, speed};
}

Json run_json(const RunSpeed& run) {
  const Speed& speed = run.speed;
  return {{"run", run.run},
          {"precision", run.precision},
          {"parameters", speed.parameters},
          {"operations", speed.cost.operations},
          {"weights", speed.cost.weights},
          {"latency_ms",
           {{"lower_quartile", speed.latency_lower},
            {"median", speed.latency},
            {"upper_quartile", speed.latency_upper}}},
          {"memory", speed.memory},
          {"throughput",
           {{"samples_per_second", speed.samples_a_second},
            {"batch", speed.batch},
            {"memory", speed.batch_memory}}}};
}

Json ratio_json(const Speed& first, const Speed& second) {
  const auto ratio = [&](auto figure) {
    return static_cast<double>(figure(first)) / static_cast<double>(figure(second));
  };
  return {{"parameters", ratio([](const Speed& speed) { return speed.parameters; })},
          {"operations", ratio([](const Speed& speed) { return speed.cost.operations; })},
          {"weights", ratio([](const Speed& speed) { return speed.cost.weights; })},
          {"latency", ratio([](const Speed& speed) { return speed.latency; })},
          {"throughput", ratio([](const Speed& speed) { return speed.samples_a_second; })}};
}

Json bound_json(const SpeedBound& bound, const std::vector<RunSpeed>& runs) {
  return {{"faster", runs.at(bound.faster).run},
          {"allowed", bound.allowed},
          {"measured", bound.measured},
          {"reached", bound.reached()}};
}

}  // namespace

Json SpeedsOfRuns::to_json() const {
  Json json = {{"data", data}, {"rows", rows}, {"device", device}, {"runs", Json::array()}};
  for (const RunSpeed& run : runs) json["runs"].push_back(run_json(run));
  if (runs.size() < 2) return json;
  const Speed &first = runs[0].speed, &second = runs[1].speed;
  json["ratio"] = ratio_json(first, second);
  json["bound"] = {{"latency", bound_json(latency_bound(first, second), runs)},
                   {"throughput", bound_json(throughput_bound(first, second), runs)}};
  return json;
}

std::string why_no_speed(const Recipe& recipe) {
  const bool by_batch = std::ranges::any_of(recipe.expert.layers, [](const std::string& layer) {
    return layer.find("eval=batch") != std::string::npos;
  });
  return by_batch ? "batchnorm eval=batch takes its statistics of a batch, and one row has none"
                  : "";
}

namespace {

void check_can_be_timed(const TrainedRun& run) {
  if (const std::string why = why_no_speed(run.recipe()); !why.empty())
    throw UserError("{}: {}; expected a run that answers a row by itself",
                    run.folder().path().string(), why);
}

}  // namespace

SpeedsOfRuns speeds_of_runs(const SpeedRequest& request) {
  TrainedRun run(request.run, request.device, request.threads);
  check_can_be_timed(run);
  if (request.hard) run.choose_one();
  const Responder first = run.responder();
  std::optional<TrainedRun> other;
  std::vector<Responder> models = {first};
  if (!request.beside.empty()) {
    // On the same device, with the same threads.
    other.emplace(request.beside, first.device.is_cuda() ? "cuda" : "cpu", set_threads(0));
    check_can_be_timed(*other);
    check_comparable(other->data(), run.data(), request.beside);
    models.push_back(other->responder());
  }
  const Dataset rows = run.rows(request.data, request.data_root,
                                first.translates() ? Targets::required : Targets::optional);
  const std::vector<Speed> speeds = measure_speed(models, rows, request.options);
  SpeedsOfRuns result{rows.name, rows.rows(), describe_device(first.device), {}};
  const std::string name = request.run + (request.hard ? ", one expert a row" : "");
  result.runs.push_back(named(run, name, speeds[0]));
  if (other) result.runs.push_back(named(*other, request.beside, speeds[1]));
  return result;
}

}  // namespace moestro
