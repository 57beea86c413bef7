#include "moestro/train/model.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "moestro/core/error.h"
#include "moestro/data/record.h"
#include "test_paths.h"
#include "thrown.h"

namespace moestro {
namespace {

using testing::thrown;

Mixture shipped(const std::string& name, const std::vector<std::string>& assignments,
                const Task& task = {{1, 28, 28}, 10}) {
  RecipeDocument document;
  document.schema.parse_file(std::filesystem::path(testing::kSourceDir) / "recipes" / name);
  for (const std::string& assignment : assignments) document.schema.set(assignment);
  return build_mixture(document, task);
}

// Published: experts of 1,382, 13,300 and 911,012 parameters, gates of 26,063, 709,413 and
// 3,917,332 (arXiv 2302.14703).
TEST(Model, shipped_recipes_have_the_published_sizes) {
  const std::vector<std::string> original = {"gate.kind=softmax",
                                             "gate.query=", "loss.importance="};
  EXPECT_EQ(shipped("mnist-published.toml", original).parameter_count(), 5 * 1382 + 26063);
  EXPECT_EQ(shipped("fashion-mnist-published.toml", original).parameter_count(),
            5 * 13300 + 709413);
  EXPECT_EQ(shipped("demo/one-expert.toml", {}).parameter_count(), 13300);
  const Task colours{{3, 32, 32}, 100};
  EXPECT_EQ(shipped("cifar-100.toml", {"gate.kind=softmax", "gate.normalise="}, colours)
                .parameter_count(),
            20 * 911012 + 3917332);
  // A query and the experts' shared keys, 256 x 256 each, in the place of the last layer.
  EXPECT_EQ(shipped("cifar-100.toml", {}, colours).parameter_count(),
            20 * 911012 + 3917332 - 257 * 20 + 2 * 256 * 256);
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

constexpr int64_t kVocabulary = 30;

const Task kImages{{1, 6, 6}, 3}, kRows{{4}, 3}, kTexts{{12}, 3, kVocabulary, false, 12},
    kScores{{12}, 0, kVocabulary, false, 12}, kPairs{{12}, 0, kVocabulary, true, 12};

void set_small(RecipeDocument& document, const std::string& kind,
               const std::vector<std::string>& more = {}) {
  for (const char* assignment : {"model.width=8", "model.heads=2", "model.hidden=12"})
    document.schema.set(assignment);
  document.schema.set("model.kind=" + kind);
  for (const std::string& assignment : more) document.schema.set(assignment);
}

std::unique_ptr<Model> built(const std::string& kind, const Task& task,
                             const std::vector<std::string>& more = {}) {
  RecipeDocument document;
  set_small(document, kind, more);
  return build_model(document, task);
}

std::string refusal(const std::string& kind, const Task& task,
                    const std::vector<std::string>& more = {}) {
  return thrown<UserError>([&] { built(kind, task, more); });
}

std::vector<std::string> assignments(const std::string& one) {
  return {one};
}

TEST(Model, every_kind_fits_data_of_its_own) {
  EXPECT_EQ(built("encoder", kTexts)->output(), OutputKind::logits);
  EXPECT_EQ(built("encoder", kScores, assignments("loss.kind=least_squares"))->output(),
            OutputKind::values);
  EXPECT_EQ(built("vit", kImages, assignments("model.patch=3"))->output(), OutputKind::logits);
  EXPECT_EQ(built("translator", kPairs)->output(), OutputKind::logits);
  EXPECT_EQ(built("encoder", kTexts)->mixture_names().size(), 2u);  // five experts by default
  EXPECT_EQ(built("encoder", kTexts, assignments("expert.count=1"))->mixture_names().size(), 0u);
}

TEST(Model, answers_have_the_classes_of_the_task) {
  const Tensor ids = at::ones({2, 3}, at::kInt);
  EXPECT_EQ(built("encoder", kTexts)->forward(ids, {}, {}).mixed_NC.sizes(), (Shape{2, 3}));
  EXPECT_EQ(built("vit", kImages, assignments("model.patch=3"))
                ->forward(at::zeros({2, 1, 6, 6}), {}, {})
                .mixed_NC.sizes(),
            (Shape{2, 3}));
  EXPECT_EQ(built("translator", kPairs)->forward(ids, {.targets_N = ids}, {}).mixed_NC.sizes(),
            (Shape{4, kVocabulary}));
}

TEST(Model, refuses_data_of_another_kind_than_it_reads) {
  const auto expected = [](const char* kind, const char* what) {
    return fmt::format("--set: model.kind = \"{}\" does not fit the data; expected {}", kind, what);
  };
  EXPECT_EQ(refusal("encoder", kImages), expected("encoder", "texts for an encoder"));
  EXPECT_EQ(refusal("encoder", kRows), expected("encoder", "texts for an encoder"));
  EXPECT_EQ(refusal("encoder", kPairs),
            expected("encoder", "\"translator\" for pairs of sentences"));
  EXPECT_EQ(refusal("vit", kTexts), expected("vit", "\"encoder\" for texts"));
  EXPECT_EQ(refusal("vit", kRows), expected("vit", "images for a vit"));
  EXPECT_EQ(refusal("translator", kTexts),
            expected("translator", "pairs of sentences for a translator"));
  EXPECT_EQ(refusal("translator", kImages),
            expected("translator", "pairs of sentences for a translator"));
  EXPECT_EQ(refusal("mixture", kTexts), expected("mixture", "\"encoder\" for texts"));
  EXPECT_EQ(refusal("mixture", kPairs),
            expected("mixture", "\"translator\" for pairs of sentences"));
}

TEST(Model, refuses_patches_and_heads_that_do_not_fit) {
  EXPECT_EQ(refusal("vit", kImages, assignments("model.patch=4")),
            "model.patch = 4 does not tile images of 6 x 6; expected a divisor of both");
  EXPECT_EQ(refusal("encoder", kTexts, assignments("model.heads=3")),
            "model.width = 8 and model.heads = 3; expected heads that divide the width");
}

TEST(Model, refuses_a_loss_that_a_transformers_answers_do_not_have) {
  EXPECT_EQ(refusal("encoder", kTexts, assignments("loss.kind=least_squares")),
            "--set: loss.kind = \"least_squares\", but the target of the data is a class; expected "
            "expectation");
  EXPECT_EQ(refusal("translator", kPairs, assignments("loss.kind=least_squares")),
            "--set: loss.kind = \"least_squares\", but the target of the data is a translation; "
            "expected expectation");
  EXPECT_EQ(refusal("encoder", kScores),
            "loss.kind = \"expectation\", but the target of the data is a value; expected "
            "least_squares");
}

TEST(Model, experts_of_their_own_width_are_counted) {
  const auto count = [](const std::vector<std::string>& more) {
    return built("encoder", kTexts, more)->parameter_count();
  };
  // Two blocks of five experts of (8 + 1) F + (F + 1) 8 numbers.
  EXPECT_EQ(count({"model.expert_hidden=20"}) - count({"model.expert_hidden=0"}),
            2 * 5 * (20 - 12) * 17);
  // In one block ordinary ones: one of 12 in the place of five and a gate of (8 + 1) 5.
  EXPECT_EQ(count({}) - count({"model.mixture_every=2"}), 4 * (9 * 12 + 13 * 8) + 9 * 5);
}

TEST(Model, one_expert_is_a_feed_forward_layer_of_an_experts_width) {
  const auto count = [](std::vector<std::string> more) {
    more.insert(more.end(), {"expert.count=1", "gate.kind=fixed"});
    return built("encoder", kTexts, more)->parameter_count();
  };
  EXPECT_EQ(count({"model.expert_hidden=20"}) - count({}), 2 * (20 - 12) * 17);
  EXPECT_EQ(count({"model.expert_hidden=20", "model.mixture_every=2"}) - count({}), (20 - 12) * 17);
}

TEST(Model, the_task_is_what_the_record_of_the_data_says) {
  DataRecord record;
  record.sample_shape = {1, 6, 6};
  record.classes = 3;
  const Task images = task_of(record);
  EXPECT_EQ(images.sample_shape, (Shape{1, 6, 6}));
  EXPECT_EQ(images.classes, 3);
  EXPECT_EQ(images.vocabulary, 0);
  record.text.emplace();
  record.text->vocabulary = 40;
  record.text->longest = 9;
  record.text->layout.format = "tsv";
  EXPECT_EQ(task_of(record).vocabulary, 40);
  EXPECT_EQ(task_of(record).longest, 9);
  EXPECT_FALSE(task_of(record).translation);
  record.text->layout.format = "parallel";
  EXPECT_TRUE(task_of(record).translation);
}

}  // namespace
}  // namespace moestro
