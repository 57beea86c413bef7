// recipes/cifar-100.toml on a few made-up images, with three experts.
#include <gtest/gtest.h>

#include "lifecycle/run_fixture.h"
#include "test_paths.h"

namespace moestro::testing {
namespace {

// Rows of a CIFAR-100 file: coarse and fine label, then a plane for each colour. The class says
// which half of which plane is bright.
std::string striped_images(int rows, uint64_t seed) {
  std::mt19937_64 bits(seed);
  std::string text;
  for (int n = 0; n < rows; ++n) {
    const int label = n % 6;
    text += '\0';
    text += static_cast<char>(label);
    for (int pixel = 0; pixel < 3072; ++pixel) {
      const bool bright = pixel / 1024 == label % 3 && (pixel % 32 < 16) == (label < 3);
      text += static_cast<char>(static_cast<int>((bright ? 180 : 20) + 40 * uniform_number(bits)));
    }
  }
  return text;
}

class ConvolutionalRun : public RunTest {
 protected:
  ConvolutionalRun() {
    std::filesystem::create_directories(folder_ / "cifar-100");
    put(folder_ / "cifar-100/train.bin", striped_images(72, 1));
    put(folder_ / "cifar-100/test.bin", striped_images(36, 2));
  }

  void train(const Settings& settings) {
    RecipeDocument document;
    document.schema.parse_file(std::filesystem::path(kSourceDir) / "recipes/cifar-100.toml");
    for (const char* assignment :
         {"data.batch=16", "expert.count=3", "train.epochs=4", "train.threads=1",
          "train.device=cpu", "data.augment=[\"crop 2 reflect\"]"})
      document.schema.set(assignment);
    for (const std::string& assignment : settings) document.schema.set(assignment);
    train_run(document, {.out = run_, .data_root = folder_.path()});
  }

  double error() const { return json("summary.json").at("test").at("error"); }
};

TEST_F(ConvolutionalRun, attentive_gate_learns_and_a_plain_one_learns_from_it) {
  train({});
  const nlohmann::json teacher = json("summary.json");
  EXPECT_LT(teacher.at("test").at("error"), .4);
  std::filesystem::rename(run_, folder_ / "teacher");
  train({"start.run=" + (folder_ / "teacher").string(), "start.experts=freeze", "start.gate=trunk",
         "gate.kind=softmax", "gate.normalise=", "loss.importance=", "loss.label_smoothing=",
         "loss.task=0", "loss.gate_distillation=1", "loss.gate_correctness=1"});
  EXPECT_LT(error(), .5);
  EXPECT_EQ(json("summary.json").at("parameters"), 3 * 911012 + 3912963);
}

TEST_F(ConvolutionalRun, original_gate_learns_in_bfloat16) {
  train({"train.precision=bf16", "gate.kind=softmax", "gate.normalise="});
  EXPECT_LT(error(), .4);
}

}  // namespace
}  // namespace moestro::testing
