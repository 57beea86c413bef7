#include "moestro/lifecycle/demo.h"

#include "demo_recipes.h"
#include "moestro/core/error.h"
#include "moestro/core/interrupt.h"
#include "moestro/core/log.h"
#include "moestro/lifecycle/densify.h"
#include "moestro/lifecycle/train_run.h"

namespace moestro {

namespace {

constexpr const char* kStopped = "stopped; the demo begins anew next time";
constexpr int64_t kArms = std::size(kDemoRecipes) + 1;

class Demo {
 public:
  explicit Demo(const DemoOptions& options) : options_(options) {}

  std::vector<std::filesystem::path> run() {
    for (const auto& [name, toml] : kDemoRecipes) {
      RecipeDocument document;
      document.schema.parse_text(toml, fmt::format("recipes/demo/{}.toml", name));
      train(document, name);
    }
    RecipeDocument document;
    // With one convolution filter an expert a narrow layer has no place for more than one of them.
    write_student_recipe({.run = runs_.back(), .gather = "best"}, document);
    train(document, "student");
    return std::move(runs_);
  }

 private:
  void train(RecipeDocument& document, const std::string& name) {
    const auto set = [&](const std::string& assignment, const char* flag) {
      document.schema.set(assignment, flag);
    };
    if (options_.epochs > 0) set(fmt::format("train.epochs={}", options_.epochs), "--epochs");
    if (!options_.device.empty()) set("train.device=" + options_.device, "--device");
    if (options_.threads >= 0) set(fmt::format("train.threads={}", options_.threads), "--threads");
    log_info("{} of {}: {}", runs_.size() + 1, kArms, name);
    runs_.push_back(options_.out / name);
    try {
      train_run(document, {.out = runs_.back(), .data_root = options_.data_root, .force = true});
    } catch (const Interrupted&) {
      throw Interrupted(kStopped);
    }
    if (interrupt_requested()) throw Interrupted(kStopped);  // in an arm's last steps
  }

  const DemoOptions& options_;
  std::vector<std::filesystem::path> runs_;
};

}  // namespace

std::vector<std::filesystem::path> run_demo(const DemoOptions& options) {
  return Demo(options).run();
}

}  // namespace moestro
