#include "report/student_fixture.h"

#include <vector>

#include <fmt/format.h>

#include "report/run_fixture.h"
#include "store/temporary_folder.h"

namespace moestro::testing {
namespace {

using nlohmann::json;

template <typename Value>
std::vector<Value> each(const MadeUpStudent& run, Value value) {
  return std::vector<Value>(static_cast<std::size_t>(run.experts), value);
}

json layer_of(const MadeUpStudent& run, const std::string& name, int64_t hidden) {
  json layer = {{"layer", name}, {"scale", .25}, {"residual", .125}};
  for (int64_t h = 0; h < hidden; ++h) {
    if (run.gather == "svd")
      layer["alignment"].push_back({{"before", .015}, {"after", .25}, {"bound", .375}});
    if (run.gather == "topk")
      layer["hidden"].push_back({{"units", each<int64_t>(run, 24)}, {"strength", each(run, .28)}});
  }
  if (run.gather == "best") layer["experts"] = {2};
  for (const char* tensor : {"up.weight", "down.weight"})
    if (run.gather == "svd")
      layer["matrices"].push_back({{"tensor", tensor},
                                   {"rank", each<int64_t>(run, 12)},
                                   {"energy", each(run, tensor[0] == 'u' ? .625 : .5)}});
  return layer;
}

std::string recipe(const MadeUpStudent& run) {
  return fmt::format(
      "[data]\nname = \"fashion-mnist\"\n\n{}[expert]\ncount = 1\n\n[loss]\nkind = "
      "\"expectation\"\n"
      "task = 0.25\ndistillation = 0.75\ndistillation_temperature = 2.0\n\n"
      "[student]\nteacher = \"runs/<mix>\"\ngather = \"{}\"\nranking = \"norm\"\n",
      run.layers == 0 ? "" : "[model]\nkind = \"vit\"\n\n", run.gather);
}

}  // namespace

json student_json(const MadeUpStudent& run) {
  json student = {{"teacher", "runs/<mix>"},
                  {"teacher_parameters", 1537800},
                  {"teacher_experts", run.experts},
                  {"gather", run.gather},
                  {"aligned", run.gather == "svd"},
                  {"fit", run.gather == "none" ? "none" : "scale"},
                  {"fold_seconds", 1.7},
                  {"folded",
                   {{"rows", run.validation ? "validation" : "calibration"},
                    {"teacher", {{"error", .0921}, {"loss", .27}}},
                    {"student", {{"error", .4321}, {"loss", 1.9}}}}}};
  if (run.gather == "none") return student;
  if (run.layers == 0) student["layers"].push_back(layer_of(run, "experts", 2));
  for (int64_t i = 0; i < run.layers; ++i)
    student["layers"].push_back(layer_of(run, fmt::format("encoder.{}", 2 * i + 1), 1));
  return student;
}

void write_student_run(const std::filesystem::path& folder, const MadeUpStudent& run) {
  write_run(folder, {.experts = 1,
                     .channels = 0,
                     .epochs = run.epochs,
                     .validation = run.validation,
                     .inspected = run.layers == 0,
                     .recipe = recipe(run)});
  if (run.epochs == 0) put(folder / "metrics.jsonl", "");
  change_summary(folder, [&](json& summary) {
    summary["student"] = student_json(run);
    if (run.layers > 0) summary.erase("hard_top1_error");
  });
}

}  // namespace moestro::testing
