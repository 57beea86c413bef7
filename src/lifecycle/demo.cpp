#include "moestro/lifecycle/demo.h"

#include "demo_recipes.h"
#include "moestro/core/error.h"
#include "moestro/core/interrupt.h"
#include "moestro/core/log.h"
#include "moestro/lifecycle/train_run.h"

namespace moestro {

namespace {

constexpr const char* kStopped = "stopped; the demo begins anew next time";

}  // namespace

std::vector<std::filesystem::path> run_demo(const DemoOptions& options) {
  std::vector<std::filesystem::path> runs;
  for (const auto& [name, toml] : kDemoRecipes) {
    RecipeDocument document;
    document.schema.parse_text(toml, fmt::format("recipes/demo/{}.toml", name));
    if (options.epochs > 0)
      document.schema.set(fmt::format("train.epochs={}", options.epochs), "--epochs");
    if (!options.device.empty()) document.schema.set("train.device=" + options.device, "--device");
    if (options.threads >= 0)
      document.schema.set(fmt::format("train.threads={}", options.threads), "--threads");
    log_info("{} of {}: {}", runs.size() + 1, std::size(kDemoRecipes), name);
    runs.push_back(options.out / name);
    try {
      train_run(document, {.out = runs.back(), .data_root = options.data_root, .force = true});
    } catch (const Interrupted&) {
      throw Interrupted(kStopped);
    }
    if (interrupt_requested()) throw Interrupted(kStopped);  // in an arm's last steps
  }
  return runs;
}

}  // namespace moestro
