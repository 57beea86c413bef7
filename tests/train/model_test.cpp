#include "moestro/train/model.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "test_paths.h"
#include "thrown.h"

namespace moestro {
namespace {

using testing::thrown;

Mixture shipped(const std::string& name, const std::vector<std::string>& assignments) {
  RecipeDocument document;
  document.schema.parse_file(std::filesystem::path(testing::kSourceDir) / "recipes" / name);
  for (const std::string& assignment : assignments) document.schema.set(assignment);
  return build_mixture(document, {{1, 28, 28}, 10});
}

// Published: experts of 1,382 and 13,300 parameters, gates of 26,063 and 709,413 (arXiv
// 2302.14703).
TEST(Model, shipped_recipes_have_the_published_sizes) {
  const std::vector<std::string> original = {"gate.kind=softmax",
                                             "gate.query=", "loss.importance="};
  EXPECT_EQ(shipped("mnist-published.toml", original).parameter_count(), 5 * 1382 + 26063);
  EXPECT_EQ(shipped("fashion-mnist-published.toml", original).parameter_count(),
            5 * 13300 + 709413);
  EXPECT_EQ(shipped("demo/one-expert.toml", {}).parameter_count(), 13300);
}

TEST(Model, the_same_seed_gives_the_same_weights) {
  const Mixture a = shipped("mnist.toml", {}), b = shipped("mnist.toml", {}),
                c = shipped("mnist.toml", {"train.seed=1"});
  for (size_t i = 0; i < a.parameters().size(); ++i) {
    EXPECT_TRUE(at::equal(a.parameters()[i].value, b.parameters()[i].value));
    EXPECT_FALSE(at::equal(a.parameters()[i].value, c.parameters()[i].value));
  }
}

TEST(Model, more_experts_leave_the_first_ones_and_the_gate_trunk_as_they_were) {
  const Mixture five = shipped("mnist.toml", {}), ten = shipped("mnist.toml", {"expert.count=10"});
  for (size_t i = 0; i < five.parameters().size(); ++i) {
    const Parameter a = five.parameters()[i], b = ten.parameters()[i];
    EXPECT_TRUE(at::equal(a.value, b.value.narrow(0, 0, a.value.size(0)))) << a.name;
  }
}

TEST(Model, refuses_an_output_that_does_not_fit_the_target) {
  RecipeDocument document;
  document.schema.set("mixture.output=values");
  EXPECT_EQ(thrown<UserError>([&] {
              build_mixture(document, {{4}, 3});
            }),
            "--set: mixture.output = \"values\", but the target of the data is a class; expected "
            "probabilities or logits");
  RecipeDocument classes;
  EXPECT_EQ(thrown<UserError>([&] {
              build_mixture(classes, {{4}, 0});
            }),
            "mixture.output = \"probabilities\", but the target of the data is a value; expected "
            "values");
}

TEST(Model, points_at_the_layer_that_does_not_fit) {
  RecipeDocument document;
  document.schema.parse_text("[expert]\nlayers = [\"conv 4 3\", \"maxpool 9\", \"linear classes\"]",
                             "bad.toml");
  const std::string message = thrown<UserError>([&] { build_mixture(document, {{1, 8, 8}, 3}); });
  EXPECT_NE(message.find("bad.toml:2: expert.layers[1] \"maxpool 9\""), std::string::npos)
      << message;
  EXPECT_NE(message.find("4x6x6"), std::string::npos) << message;
}

}  // namespace
}  // namespace moestro
