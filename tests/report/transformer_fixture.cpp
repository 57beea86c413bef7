#include "report/transformer_fixture.h"

#include <sstream>

#include <fmt/format.h>

#include "report/run_fixture.h"
#include "store/temporary_folder.h"

namespace moestro::testing {
namespace {

using nlohmann::json;

std::string recipe(const MadeUpTransformer& run) {
  return fmt::format(
      "[data]\nname = \"emotion\"\n\n[model]\nkind = \"{}\"\nwidth = 128\n\n[expert]\ncount = "
      "{}\n\n[loss]\nkind = \"expectation\"\n",
      run.kind, run.layers == 0 ? 1 : run.experts);
}

std::vector<double> usage(int64_t experts) {
  std::vector<double> shares;
  const double whole = static_cast<double>(experts * (experts + 1)) / 2;
  for (int64_t e = 0; e < experts; ++e) shares.push_back(static_cast<double>(e + 1) / whole);
  return shares;
}

std::string layer_name(const MadeUpTransformer& run, int64_t layer) {
  const bool decoder = run.kind == "translator" && layer >= run.layers / 2;
  return fmt::format("{}.{}", decoder ? "decoder" : "encoder",
                     2 * (decoder ? layer - run.layers / 2 : layer) + 1);
}

json tokens_of(int64_t expert) {
  const std::vector<std::string> words = {"▁sad", "▁the", "▁<b>", "▁glücklich", "!", "</s>", "ing"};
  json tokens = json::array();
  for (int64_t i = 0; i < 4 && expert != 0; ++i)
    tokens.push_back({{"token", words[static_cast<std::size_t>(expert + i) % words.size()]},
                      {"count", 980 - 100 * i},
                      {"share", .97 - .1 * static_cast<double>(i + expert - 1)}});
  return tokens;
}

json probing_of(const MadeUpTransformer& run) {
  const auto each = [&](double value) {
    return std::vector<double>(static_cast<std::size_t>(run.experts), value);
  };
  json probing = {{"model_loss", .29},
                  {"model_error", .0987},
                  {"all_loss", each(1.5)},
                  {"all_error", each(.375)}};
  if (run.split)
    probing.update({{"share", usage(run.experts)},
                    {"own_loss", each(.31)},
                    {"own_error", each(.1)},
                    {"others_loss", each(1.7654)},
                    {"others_error", each(.4321)}});
  return probing;
}

json layer_of(const MadeUpTransformer& run, int64_t number) {
  json layer = {{"layer", layer_name(run, number)},
                {"experts", run.experts},
                {"decisions", 54321},
                {"usage", usage(run.experts)},
                {"importance", usage(run.experts)},
                {"sample_entropy", .35},
                {"usage_entropy", 1.85},
                {"position_from", {0, 1, 2, 4, 8}},
                {"positions", std::vector<std::vector<double>>(5, usage(run.experts))}};
  if (run.probing) layer["probing"] = probing_of(run);
  if (run.kind == "vit") return layer;
  for (int64_t e = 0; e < run.experts; ++e) layer["tokens"].push_back(tokens_of(e));
  return layer;
}

// Of each epoch in metrics.jsonl, in the place of a single mixture's figures.
std::string with_layers(const std::string& metrics, const MadeUpTransformer& run) {
  std::istringstream lines(metrics);
  std::string out;
  for (std::string line; std::getline(lines, line);) {
    json record = json::parse(line);
    if (record["kind"] == "step" && run.layers > 0) record["gate_entropy"] = .4;
    for (int64_t i = 0; record["kind"] == "epoch" && i < run.layers; ++i)
      record["layers"].push_back({{"layer", layer_name(run, i)},
                                  {"usage", usage(run.experts)},
                                  {"sample_entropy", .35},
                                  {"usage_entropy", 1.85}});
    out += record.dump() + "\n";
  }
  return out;
}

}  // namespace

json layers_inspection(const MadeUpTransformer& run) {
  json inspection = {{"schema", 3}, {"set", "test"}, {"rows", 2000}};
  for (int64_t i = 0; i < run.layers; ++i) inspection["layers"].push_back(layer_of(run, i));
  return inspection;
}

void write_transformer_run(const std::filesystem::path& folder, const MadeUpTransformer& run) {
  write_run(folder, {.experts = 1,
                     .channels = 0,
                     .epochs = run.epochs,
                     .status = run.status,
                     .inspected = false,
                     .recipe = recipe(run)});
  put(folder / "metrics.jsonl", with_layers(get(folder / "metrics.jsonl"), run));
  if (run.status != "finished") return;
  if (run.layers > 0) put(folder / "inspection.json", layers_inspection(run).dump());
  change_summary(folder, [&](json& summary) {
    summary["data"] = "emotion";
    summary.erase("hard_top1_error");
    if (run.kind != "translator") return;
    summary.erase("calibration_error");
    summary["test"]["error"] = 1 - run.bleu / 100;
    summary["bleu"] = run.bleu;
    summary["bleu_lowercase"] = run.bleu + .7;
  });
}

}  // namespace moestro::testing
