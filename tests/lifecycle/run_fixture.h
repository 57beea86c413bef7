// Whole runs on made-up data, in a folder of the test's own.
#pragma once

#include <map>

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "lifecycle/made_up.h"
#include "moestro/core/log.h"
#include "moestro/lifecycle/train_run.h"
#include "moestro/store/checkpoint_store.h"
#include "moestro/store/json_file.h"

namespace moestro::testing {

class RunTest : public ::testing::Test {
 protected:
  using Settings = std::vector<std::string>;

  RunTest() {
    set_log_level(LogLevel::quiet);
    put(folder_ / "train.csv", corners_csv(160, 1));
    put(folder_ / "test.csv", corners_csv(60, 2));
  }

  // Files for houses_settings().
  void write_houses() {
    put(folder_ / "train.csv", houses_csv(160, 1));
    put(folder_ / "test.csv", houses_csv(60, 2));
  }

  void train(const Settings& settings = {}, bool resume = false, bool force = false) {
    RecipeDocument document;
    document.schema.parse_text(recipe(), "toy.toml");
    for (const std::string& assignment : settings) document.schema.set(assignment);
    train_run(document, {.out = run_, .data_root = {}, .resume = resume, .force = force});
  }

  virtual std::string recipe() const { return corners_recipe(folder_.path()); }

  nlohmann::json json(const std::string& name) const { return read_json_file(run_ / name); }

  // Every file below the run folder by name, with its bytes.
  std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(run_))
      if (entry.is_regular_file())
        files[std::filesystem::relative(entry.path(), run_).string()] = get(entry.path());
    return files;
  }

  std::map<std::string, Tensor> last_weights() const {
    const Checkpoint checkpoint = CheckpointStore(run_ / "checkpoints").latest().value();
    std::map<std::string, Tensor> tensors;
    for (const std::string& name : checkpoint.file.names())
      tensors[name] = checkpoint.file.tensor(name).clone();
    return tensors;
  }

  TemporaryFolder folder_;
  std::filesystem::path run_ = folder_ / "run";
};

inline ::testing::AssertionResult same(const std::map<std::string, Tensor>& a,
                                       const std::map<std::string, Tensor>& b) {
  if (a.size() != b.size()) return ::testing::AssertionFailure() << "other names";
  for (const auto& [name, tensor] : a)
    if (!b.count(name) || !at::equal(tensor, b.at(name)))
      return ::testing::AssertionFailure() << name << " differs";
  return ::testing::AssertionSuccess();
}

}  // namespace moestro::testing
