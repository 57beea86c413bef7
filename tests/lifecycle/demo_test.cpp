#include "moestro/lifecycle/demo.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "lifecycle/made_up.h"
#include "moestro/core/error.h"
#include "moestro/core/log.h"
#include "moestro/store/json_file.h"
#include "store/expect_error.h"
#include "thrown.h"

namespace moestro {
namespace {

class Demo : public ::testing::Test {
 protected:
  Demo() {
    set_log_level(LogLevel::quiet);
    testing::put_images(folder_ / "fashion-mnist", "train", 40, 28, 10);
    testing::put_images(folder_ / "fashion-mnist", "t10k", 20, 28, 10);
  }
  std::vector<std::filesystem::path> run(int64_t epochs) {
    return run_demo({.out = folder_ / "demo",
                     .data_root = folder_.path(),
                     .device = "cpu",
                     .threads = 1,
                     .epochs = epochs});
  }
  testing::TemporaryFolder folder_;
};

TEST_F(Demo, trains_three_models_and_a_student_and_replaces_them) {
  run(2);
  const std::vector<std::filesystem::path> runs = run(1);
  ASSERT_EQ(runs.size(), 4u);
  const std::string names[] = {"one-expert", "original-gate", "attentive-gate", "student"};
  for (size_t i = 0; i < runs.size(); ++i) {
    EXPECT_EQ(runs[i], folder_ / "demo" / names[i]);
    const nlohmann::json summary = read_json_file(runs[i] / "summary.json");
    EXPECT_EQ(summary["name"], names[i]);
    EXPECT_EQ(summary["epochs"], 1);
    EXPECT_EQ(summary.contains("specialisation"), i == 1 || i == 2);
    EXPECT_EQ(summary.contains("student"), i == 3);
  }
}

TEST_F(Demo, replaces_nothing_but_runs) {
  std::filesystem::create_directories(folder_ / "demo/one-expert");
  testing::put(folder_ / "demo/one-expert/notes.txt", "mine");
  EXPECT_TRUE(
      testing::contains(testing::thrown<UserError>([&] { run(1); }), "is not a run folder"));
}

}  // namespace
}  // namespace moestro
