#include "report/run_fixture.h"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "moestro/store/safetensors.h"
#include "store/temporary_folder.h"

namespace moestro::testing {
namespace {

using nlohmann::json;

constexpr int64_t kStepsPerEpoch = 20, kSamplesPerClass = 100;

bool is_idle(const MadeUpRun& run, int64_t expert) {
  return std::find(run.idle.begin(), run.idle.end(), expert) != run.idle.end();
}

int64_t owner(const MadeUpRun& run, int64_t number) {
  int64_t expert = number % run.experts;
  while (is_idle(run, expert)) expert = (expert + 1) % run.experts;
  return expert;
}

std::string recipe(const MadeUpRun& run) {
  return fmt::format(
      "[data]\nname = \"fashion-mnist\"\nbatch = 512\n\n[expert]\ncount = {}\n"
      "layers = [\"linear 64\", \"relu\", \"linear classes\"]\n\n[mixture]\noutput = \"{}\"\n",
      run.experts, run.regression ? "values" : "probabilities");
}

json manifest(const MadeUpRun& run) {
  return {{"version", "0.1.0"},
          {"seed", 0},
          {"device", "cpu (2 threads)"},
          {"threads", 2},
          {"data_digest", std::string(64, 'a')},
          {"started", "2026-03-14T15:09:26Z"},
          {"finished", run.status == "running" ? "" : "2026-03-14T15:10:31Z"},
          {"status", run.status}};
}

json step_line(const MadeUpRun& run, int64_t step) {
  json line = {{"kind", "step"},
               {"step", step},
               {"epoch", (step - 1) / kStepsPerEpoch + 1},
               {"loss", 2. / static_cast<double>(step)},
               {"terms", {{"expectation", 1.9 / static_cast<double>(step)}, {"importance", .05}}},
               {"rate", .001},
               {"gradient_norm", 1.3}};
  if (run.experts > 1) line.update({{"gate_entropy", .6}, {"gate_logit", 4.1}});
  return line;
}

json epoch_line(const MadeUpRun& run, int64_t epoch) {
  const double error = run.error + .2 / static_cast<double>(epoch);
  json line = {{"kind", "epoch"},
               {"step", epoch * kStepsPerEpoch},
               {"epoch", epoch},
               {"seconds", 5.2},
               {"train", {{"loss", .9}, {"error", error}}}};
  if (run.validation) line["valid"] = {{"loss", 1.}, {"error", error + .01}};
  if (run.experts > 1) {
    line["usage"] = std::vector<double>(static_cast<std::size_t>(run.experts),
                                        1. / static_cast<double>(run.experts));
    line.update({{"sample_entropy", .4}, {"usage_entropy", 2.1}});
  }
  return line;
}

std::string metrics(const MadeUpRun& run) {
  std::string lines;
  for (int64_t step = 10; step <= std::max<int64_t>(run.epochs, 1) * kStepsPerEpoch; step += 10) {
    if (run.epochs == 0 && step == kStepsPerEpoch) break;
    lines += step_line(run, step).dump() + "\n";
    if (step % kStepsPerEpoch == 0) lines += epoch_line(run, step / kStepsPerEpoch).dump() + "\n";
  }
  return lines;
}

json summary(const MadeUpRun& run, const std::string& name) {
  json summary = {{"schema", 1},
                  {"name", name},
                  {"data", "fashion-mnist"},
                  {"seed", 0},
                  {"device", "cpu (2 threads)"},
                  {"parameters", 768900},
                  {"seconds", 61.2},
                  {"epochs", run.epochs},
                  {"steps", run.epochs * kStepsPerEpoch},
                  {"test", {{"error", run.error}, {"loss", .29}}}};
  if (run.validation) summary["valid"] = {{"error", run.error}, {"loss", .3}};
  if (!run.regression) summary.update({{"hard_top1_error", .1}, {"calibration_error", .01}});
  if (run.experts == 1) return summary;
  json split = {{"sample_entropy", .1},
                {"usage_entropy", 2.3},
                {"experts_used", run.experts - static_cast<int64_t>(run.idle.size())}};
  if (!run.regression)
    split.update({{"mutual_information", 2.2},
                  {"mutual_information_predicted", 2.21},
                  {"permutation_baseline", .003}});
  summary["specialisation"] = split;
  return summary;
}

// [class][expert]
std::vector<std::vector<int64_t>> table(const MadeUpRun& run) {
  std::vector<std::vector<int64_t>> counts;
  for (std::size_t c = 0; c < run.classes.size(); ++c) {
    auto& row = counts.emplace_back(static_cast<std::size_t>(run.experts), 0);
    const int64_t first = owner(run, static_cast<int64_t>(c));
    row[static_cast<std::size_t>(first)] += 90;
    row[static_cast<std::size_t>(owner(run, first + 1))] += 10;
  }
  return counts;
}

json samples_of(const MadeUpRun& run, int64_t expert) {
  json samples = json::array();
  for (int64_t i = 0; i < 2 && !is_idle(run, expert); ++i) {
    const auto number =
        static_cast<double>(run.regression ? 3 : expert % static_cast<int64_t>(run.classes.size()));
    const double predicted = i == 0 || run.regression ? number : 0;
    samples.push_back(
        {{"row", 17 + i}, {"label", number}, {"predicted", predicted}, {"probability", .99}});
  }
  if (run.schema == 1) return samples;
  if (run.experts == 1) return {{"drawn", samples}};
  if (samples.empty()) return {{"most_typical", samples}, {"least_typical", samples}};
  return {{"most_typical", {samples[0]}}, {"least_typical", {samples[1]}}};
}

// What schema 2 has beside schema 1.
void add_second_schema(json& inspection, const MadeUpRun& run) {
  const auto experts = static_cast<std::size_t>(run.experts);
  if (run.experts > 1)
    inspection["map"] = {{"explained", {.25, .125}},
                         {"x", {-1.5, 0., 1.5, 2.}},
                         {"y", {.5, -.25, 0., 1.}},
                         {"expert", {0, run.experts - 1, 0, run.experts - 1}}};
  if (run.regression) return;
  std::vector<std::vector<json>> right(experts, std::vector<json>(experts, .2));
  std::vector<json> specialisation(experts, .75);
  for (std::size_t e = 0; e < experts; ++e) right[e][e] = .9;
  for (int64_t idle : run.idle) {
    right[static_cast<std::size_t>(idle)].assign(experts, nullptr);
    specialisation[static_cast<std::size_t>(idle)] = nullptr;
  }
  inspection.update({{"specialisation", specialisation},
                     {"right", right},
                     {"mistaken_owner",
                      std::vector<std::vector<int64_t>>(experts, std::vector<int64_t>(experts, 3))},
                     {"mixture_accuracy", 1 - run.error},
                     {"owner_accuracy", .9},
                     {"oracle_accuracy", .955},
                     {"rescuable_errors", .5}});
}

json probing(const MadeUpRun& run, const std::vector<double>& usage) {
  const auto experts = static_cast<std::size_t>(run.experts);
  std::vector<json> own(experts, .1);
  for (int64_t idle : run.idle) own[static_cast<std::size_t>(idle)] = nullptr;
  json probing = {{"share", usage},
                  {"own", own},
                  {"others", std::vector<double>(experts, .8)},
                  {"all", std::vector<double>(experts, .66)},
                  {"own_error", .1},
                  {"others_error", .8},
                  {"all_error", .66},
                  {"oracle_error", .045},
                  {"disagreement", 1.25},
                  {"output_square", 7.5}};
  if (!run.regression) probing.update({{"routing_accuracy", .942}, {"agreement", .31}});
  return probing;
}

json inspection(const MadeUpRun& run) {
  const auto experts = static_cast<std::size_t>(run.experts);
  const auto counts = table(run);
  const double rows = static_cast<double>(kSamplesPerClass) * static_cast<double>(counts.size());
  std::vector<double> usage(experts, 0);
  json owns = json::array(), samples = json::array(), own = json::array();
  for (int64_t e = 0; e < run.experts; ++e) {
    json owned = json::array();
    for (std::size_t c = 0; c < counts.size(); ++c) {
      usage[static_cast<std::size_t>(e)] +=
          static_cast<double>(counts[c][static_cast<std::size_t>(e)]) / rows;
      if (owner(run, static_cast<int64_t>(c)) == e && !run.regression)
        owned.push_back(run.classes[c]);
    }
    owns.push_back(owned);
    samples.push_back(samples_of(run, e));
    own.push_back(is_idle(run, e) ? json() : json(.93));
  }
  json inspection = {{"schema", run.schema},
                     {"set", "test"},
                     {"rows", static_cast<int64_t>(rows)},
                     {"experts", run.experts},
                     {"usage", usage},
                     {"importance", usage},
                     {"load", std::vector<double>(experts, 1)},
                     {"accuracy", std::vector<double>(experts, .25)},
                     {"own_accuracy", own},
                     {"owns", owns},
                     {"samples", samples}};
  if (!run.regression) inspection.update({{"classes", run.classes}, {"class_by_expert", counts}});
  if (run.schema > 1) add_second_schema(inspection, run);
  if (run.schema > 1 && run.experts > 1 && run.probing) inspection["probing"] = probing(run, usage);
  return inspection;
}

void write_owners(const std::filesystem::path& path, const MadeUpRun& run) {
  const auto rows = kSamplesPerClass * static_cast<int64_t>(run.classes.size());
  const Tensor row_N = at::arange(rows, at::kLong);
  const Tensor expert_N = (row_N + row_N.lt(run.turned)).remainder(run.experts);
  write_safetensors(
      path, {{"expert", expert_N.to(at::kByte)}},
      {{"set", "test"}, {"experts", std::to_string(run.experts)}, {"rows_digest", run.rows}});
}

void write_images(const std::filesystem::path& path, const MadeUpRun& run) {
  NamedTensors images;
  for (int64_t e = 0; e < run.experts; ++e)
    images.emplace_back(fmt::format("expert_{}", e),
                        at::full({is_idle(run, e) ? 0 : 2, run.channels, 4, 4}, 40 * (e % 6),
                                 at::TensorOptions().dtype(at::kByte)));
  write_safetensors(path, images);
}

}  // namespace

void write_run(const std::filesystem::path& folder, const MadeUpRun& run) {
  std::filesystem::create_directories(folder);
  put(folder / "recipe.toml", run.recipe.empty() ? recipe(run) : run.recipe);
  put(folder / "manifest.json", manifest(run).dump());
  put(folder / "metrics.jsonl", metrics(run));
  if (run.status != "finished") return;
  put(folder / "summary.json", summary(run, folder.filename().string()).dump());
  if (!run.inspected) return;
  put(folder / "inspection.json", inspection(run).dump());
  if (run.schema > 1) write_owners(folder / "owners.safetensors", run);
  if (run.channels > 0) write_images(folder / "samples.safetensors", run);
}

void change_summary(const std::filesystem::path& folder, const std::function<void(json&)>& change) {
  json summary = json::parse(get(folder / "summary.json"));
  change(summary);
  put(folder / "summary.json", summary.dump());
}

}  // namespace moestro::testing
