// Whole runs of a Transformer that reads images.
#include "lifecycle/text_fixture.h"
#include "moestro/core/error.h"
#include "store/expect_error.h"
#include "thrown.h"

namespace moestro::testing {
namespace {

class VitTest : public TextTest {
 protected:
  VitTest() {
    put_images(folder_ / "set", "train", 120, 8, 2);
    put_images(folder_ / "set", "t10k", 30, 8, 2);
  }
  void SetUp() override {}  // it needs no sentencepiece
  std::string recipe() const override { return vit_recipe(folder_.path()); }
};

TEST_F(VitTest, learns_tiny_images_in_patches) {
  for (const char* pooling : {"mean", "first"}) {
    train({fmt::format("model.pooling={}", pooling)}, false, /*force=*/true);
    EXPECT_LT(json("summary.json")["test"]["error"].get<double>(), .1) << pooling;
    EXPECT_EQ(other_files(), (Words{"data.json", "manifest.json", "metrics.jsonl", "recipe.toml",
                                    "summary.json"}));
    expect_the_same_figures_again();
  }
}

TEST_F(VitTest, with_mixture_layers_is_inspected_by_rows_of_patches) {
  train(joined(with_mixture_layers(), {"model.patch=2", "train.epochs=1"}));
  const nlohmann::json layer = json("inspection.json")["layers"][0];
  EXPECT_EQ(layer["decisions"], 30 * 16);
  EXPECT_EQ(layer["position_from"], (std::vector<int>{0, 4, 8, 12}));
  EXPECT_FALSE(layer.contains("tokens"));
  expect_the_same_figures_again();
}

TEST_F(VitTest, patches_that_do_not_tile_are_refused_before_the_folder_is_touched) {
  EXPECT_EQ(thrown<UserError>([&] { train({"model.patch=3"}); }),
            "model.patch = 3 does not tile images of 8 x 8; expected a divisor of both");
  EXPECT_FALSE(std::filesystem::exists(run_));
}

TEST_F(VitTest, is_no_run_for_a_mixture_to_start_from) {
  train({"train.epochs=1", "data.validation=0"});
  const std::string first = run_;
  run_ = folder_ / "second";
  Settings mixture = {"model.kind=mixture", "expert.count=2",     "gate.kind=softmax",
                      "data.validation=0",  "start.run=" + first, "start.experts=copy"};
  for (const char* key : {"width", "heads", "depth", "hidden", "dropout"})
    mixture.push_back(fmt::format("model.{}=", key));
  EXPECT_EQ(thrown<UserError>([&] { train(mixture); }),
            "--set: start.run = \"" + first +
                "\": its model.kind is \"vit\"; expected a mixture of whole networks");
}

TEST_F(VitTest, in_bfloat16_keeps_float32_weights) {
  train({"train.precision=bf16", "train.epochs=4"});
  EXPECT_LT(json("summary.json")["test"]["error"].get<double>(), .2);
  for (const auto& [name, tensor] : last_weights())
    EXPECT_NE(tensor.scalar_type(), at::kBFloat16) << name;
  expect_the_same_figures_again();
}

}  // namespace
}  // namespace moestro::testing
