// Students of Transformers with mixture layers.
#include "lifecycle/student_fixture.h"
#include "lifecycle/text_fixture.h"
#include "moestro/core/error.h"
#include "moestro/lifecycle/inspect_run.h"
#include "thrown.h"

namespace moestro::testing {
namespace {

class VitStudentTest : public Students<TextTest> {
 protected:
  VitStudentTest() {
    put_images(folder_ / "set", "train", 120, 8, 2);
    put_images(folder_ / "set", "t10k", 30, 8, 2);
  }
  void SetUp() override {}  // it needs no sentencepiece
  std::string recipe() const override { return vit_recipe(folder_.path()); }
};

TEST_F(VitStudentTest, copies_what_is_no_experts_and_folds_each_layer) {
  train_mixture(with_mixture_layers());
  for (const char* gather : {"topk", "svd", "average", "concat", "best", "random_init"}) {
    fold(gather);
    const auto weights = last_weights();
    int64_t copied = 0, gathered = 0;
    for (const auto& [name, tensor] : weights) {
      if (name.starts_with("optimiser.")) continue;
      if (name.find(".feed_forward.") != std::string::npos && !mixture_.count(name)) {
        ++gathered;
        continue;
      }
      ASSERT_TRUE(mixture_.count(name)) << name;
      EXPECT_TRUE(at::equal(tensor, mixture_.at(name))) << name;
      ++copied;
    }
    EXPECT_GT(copied, 4) << gather;
    EXPECT_GT(gathered, 0) << gather;
    EXPECT_EQ(student().contains("layers"), std::string(gather) != "random_init") << gather;
  }
}

TEST_F(VitStudentTest, refuses_a_teacher_of_the_same_shapes_that_computes_something_else) {
  train_mixture(with_mixture_layers());
  EXPECT_NE(thrown<UserError>([&] {
              fold("topk", {"model.activation=relu"});
            }).find("its model.activation is \"gelu\", the student's \"relu\"; expected the same"),
            std::string::npos);
}

TEST_F(VitStudentTest, is_inspected_by_its_answers_and_what_was_kept_of_each_layer) {
  train_mixture(with_mixture_layers());
  fold("topk");
  const nlohmann::json inspected = inspect_run({.run = run_}).to_json();
  EXPECT_EQ(inspected["student"], student());
  EXPECT_EQ(inspected["model_error"], test_error());
}

TEST_F(VitStudentTest, a_linear_fit_follows_each_layer_closer_than_a_scale) {
  train_mixture(with_mixture_layers());
  const auto residuals = [&](const char* fit) {
    fold("topk", {fmt::format("student.fit={}", fit), "student.ranking=activation"});
    std::vector<double> all;
    const nlohmann::json record = student();
    for (const auto& layer : record["layers"]) all.push_back(layer["residual"]);
    return all;
  };
  const std::vector<double> scaled = residuals("scale"), fitted = residuals("linear");
  ASSERT_EQ(scaled.size(), fitted.size());
  for (size_t l = 0; l < scaled.size(); ++l) EXPECT_LT(fitted[l], scaled[l]);
}

TEST_F(VitStudentTest, blocks_that_share_a_layer_share_the_folded_one) {
  train_mixture(joined(with_mixture_layers(), {"model.share_depth=true", "model.mixture_every=1"}));
  fold("topk");
  EXPECT_EQ(student()["layers"].size(), 1u);
  EXPECT_EQ(student()["layers"][0]["layer"], "encoder.shared");
  EXPECT_EQ(last_weights().count("encoder.shared.feed_forward.up.weight"), 1u);
}

TEST_F(VitStudentTest, refuses_experts_that_every_row_meets) {
  train_mixture(joined(with_mixture_layers(), {"model.shared=1"}));
  EXPECT_NE(thrown<UserError>([&] { fold("topk"); }).find("has model.shared = 1; expected 0"),
            std::string::npos);
}

class TranslatorStudentTest : public Students<PairsTest> {};

TEST_F(TranslatorStudentTest, folds_encoder_and_decoder_and_learns_from_every_token) {
  train_mixture(joined(with_mixture_layers(), {"train.epochs=1"}));
  densify({.gather = "topk"}, {"train.epochs=1"});
  bool encoder = false, decoder = false;
  const nlohmann::json record = student();
  for (const auto& layer : record["layers"]) {
    encoder = encoder || layer["layer"].get<std::string>().starts_with("encoder.");
    decoder = decoder || layer["layer"].get<std::string>().starts_with("decoder.");
  }
  EXPECT_TRUE(encoder && decoder);
  EXPECT_TRUE(json("summary.json").contains("bleu"));
}

}  // namespace
}  // namespace moestro::testing
