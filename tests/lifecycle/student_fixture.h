// Dense students that are folded from trained mixtures, in a folder of the test's own.
#pragma once

#include "lifecycle/run_fixture.h"
#include "moestro/lifecycle/densify.h"

namespace moestro::testing {

// A mixture is trained in `mixture`, its student in `run`.
template <class Fixture>
class Students : public Fixture {
 protected:
  using Settings = std::vector<std::string>;

  void train_mixture(Settings settings = {}) {
    this->run_ = this->folder_ / "mixture";
    this->train(settings);
    mixture_ = this->last_weights();
    this->run_ = this->folder_ / "run";
  }

  std::filesystem::path teacher() const { return this->folder_ / "mixture"; }

  void densify(const DensifyOptions& how, const Settings& settings, bool resume = false) {
    RecipeDocument document;
    DensifyOptions options = how;
    options.run = teacher();
    write_student_recipe(options, document);
    for (const std::string& assignment : settings) document.schema.set(assignment);
    train_run(document, {.out = this->run_, .data_root = {}, .resume = resume, .force = !resume});
  }

  void fold(const std::string& gather, Settings settings = {}) {
    settings.push_back("train.epochs=0");
    densify({.gather = gather}, settings);
  }

  nlohmann::json student() const { return this->json("summary.json").at("student"); }
  double test_error() const { return this->json("summary.json")["test"]["error"]; }

  std::map<std::string, Tensor> mixture_;
};

}  // namespace moestro::testing
