// Streams of images beside a Vision Transformer of our own.

#include <gtest/gtest.h>

#include "lifecycle/continual_fixture.h"
#include "lifecycle/made_up_texts.h"
#include "moestro/core/error.h"
#include "moestro/core/log.h"
#include "moestro/data/idx.h"
#include "moestro/data/task_file.h"
#include "moestro/lifecycle/stream_predictions.h"
#include "moestro/lifecycle/train_run.h"
#include "store/expect_error.h"

namespace moestro::testing {
namespace {

// Images are stripes, told apart by their phase: two classes in the encoder's set, other counts and
// other sizes in the tasks'.
class ImageStream : public Continual {
 protected:
  ImageStream() {
    set_log_level(LogLevel::quiet);
    put_images(files_.folder / "set", "train", 60, 8, 2);
    put_images(files_.folder / "set", "t10k", 20, 8, 2);
    put_set("first", 12, 3);
    put_set("second", 8, 4);
    put_set("third", 6, 2);
  }

  void put_set(const std::string& name, int side, int classes, int train = 60) const {
    put_images(files_.folder / name, "train", train, side, classes);
    put_images(files_.folder / name, "t10k", 24, side, classes);
    put_image_task(name, "");
  }

  void put_image_task(const std::string& name, const std::string& above) const {
    files_.file(name + ".toml",
                fmt::format("{}[data]\npath = \"{}\"\nformat = \"idx\"\nvalidation = 0.2\n", above,
                            (files_.folder / name).string()));
  }

  void train_encoder(const Settings& more = {}) const {
    RecipeDocument document;
    document.schema.parse_text(vit_recipe(files_.folder.path()), "vit.toml");
    Settings settings = {"model.depth=2", "model.pooling=first", "train.epochs=2"};
    settings.insert(settings.end(), more.begin(), more.end());
    for (const std::string& setting : settings) document.schema.set(setting);
    train_run(document, {.out = files_.folder / "vit", .data_root = {}, .force = true});
  }

  static Settings joined(Settings settings, const Settings& more) {
    settings.insert(settings.end(), more.begin(), more.end());
    return settings;
  }
  Settings beside_vit(const Settings& more = {}) const {
    return joined({"stream.encoder=" + (files_.folder / "vit").string(), "stream.support=4"}, more);
  }
  void learn_images(const Settings& more = {}, bool resume = false) const {
    learn(beside_vit(more), resume);
  }
  std::string image_refusal(const Settings& more = {}, bool resume = false) const {
    return refusal(beside_vit(more), resume);
  }
};

TEST_F(ImageStream, learns_each_task_from_images_of_every_size) {
  train_encoder();
  learn_images();
  const Json matrix = this->matrix();
  ASSERT_EQ(matrix.size(), 3);
  EXPECT_GT(matrix[1][0].get<double>(), .9);
  EXPECT_GT(matrix[2][1].get<double>(), .8);
  EXPECT_EQ(matrix[1][1], matrix[0][1]);
  EXPECT_EQ(continual().at("tasks"), Json({"first", "second"}));
}

TEST_F(ImageStream, measures_the_untouched_encoder_on_the_same_support_whatever_is_learned) {
  train_encoder();
  learn_images({"stream.steps=20"});
  const Json untouched = matrix()[0];
  fs::remove_all(run_);
  learn_images({"stream.steps=20", "stream.samples=4"});
  EXPECT_EQ(matrix()[0], untouched);
  fs::remove_all(run_);
  learn_images({"stream.steps=20", "stream.most=20", "stream.rows=valid"});
  EXPECT_EQ(matrix().size(), 3);
}

TEST_F(ImageStream, goes_on_within_a_task_as_if_nothing_had_been) {
  train_encoder();
  const Settings settings = {"stream.steps=200", "stream.replay=.2"};
  learn_images(settings);
  const auto peace = weights();
  const Json summary = continual(), merges = read_json_file(run_ / "merges.json");
  fs::remove_all(run_);
  EXPECT_TRUE(contains(stopped([&] { learn_images(settings); }), "--resume goes on"));
  learn_images(settings, /*resume=*/true);
  expect_same(weights(), peace);
  EXPECT_EQ(continual(), summary);
  EXPECT_EQ(read_json_file(run_ / "merges.json"), merges);
}

TEST_F(ImageStream, adds_a_task_without_changing_what_earlier_ones_are_answered_with) {
  train_encoder();
  learn_images();
  const Json before = matrix();
  add("third");
  const Json after = matrix();
  ASSERT_EQ(after.size(), 4);
  for (size_t j = 0; j < 2; ++j) EXPECT_EQ(after[3][j], before[2][j]);
  EXPECT_EQ(after[1][2], after[0][2]);
}

TEST_F(ImageStream, predicts_what_was_measured) {
  train_encoder();
  learn_images({"stream.steps=20"});
  const auto answers = [&](const std::string& task) {
    predict_with_stream({.run = run_,
                         .rows = files_.folder / "second",
                         .out = files_.folder / "out.safetensors",
                         .task = task,
                         .data_root = {},
                         .device = {}});
    return SafetensorsFile(files_.folder / "out.safetensors");
  };
  const Tensor labels_N = read_idx_labels(files_.folder / "second" / "t10k-labels-idx1-ubyte");
  const SafetensorsFile known = answers("second"), chosen = answers("");
  EXPECT_DOUBLE_EQ(known.tensor("predicted").eq(labels_N).to(at::kDouble).mean().item<double>(),
                   matrix()[2][1].get<double>());
  EXPECT_EQ(known.shape("probabilities"), (Shape{24, 4}));
  // Rows that are sent to their own task are answered alike.
  const Tensor own_N = chosen.tensor("task").eq(1).logical_and(chosen.tensor("adapted"));
  ASSERT_GT(own_N.sum().item<int64_t>(), 0);
  EXPECT_TRUE(at::equal(chosen.tensor("predicted").masked_select(own_N),
                        known.tensor("predicted").masked_select(own_N)));
  EXPECT_TRUE(contains(thrown<UserError>([&] {
                         predict_with_stream({.run = run_,
                                              .rows = files_.file("new.csv", "a,b\n1,2\n"),
                                              .out = files_.folder / "out.csv",
                                              .task = {},
                                              .data_root = {},
                                              .device = {}});
                       }),
                       "new.csv"));
}

TEST_F(ImageStream, takes_an_encoder_with_mixtures_as_it_evaluates) {
  train_encoder({"expert.count=2", "gate.kind=noisy_topk", "gate.k=1", "model.pooling=mean"});
  learn_images();
  EXPECT_GT(matrix()[1][0].get<double>(), .9);
}

TEST_F(ImageStream, refuses_to_go_on_with_other_pixels_or_another_encoder) {
  train_encoder();
  learn_images({"stream.steps=20"});
  set_unfinished(run_);
  put_set("second", 8, 4, 64);
  EXPECT_TRUE(contains(image_refusal({"stream.steps=20"}, true),
                       "second.toml: task \"second\" is not what the run was begun with"));
  put_set("second", 8, 4);
  train_encoder({"train.seed=5"});
  EXPECT_TRUE(contains(image_refusal({"stream.steps=20"}, true), "the encoder is not the one"));
}

TEST_F(ImageStream, refuses_an_encoder_that_is_none) {
  const std::string where =
      fmt::format("stream.encoder = \"{}\": ", (files_.folder / "vit").string());
  EXPECT_TRUE(
      contains(image_refusal(), where + "neither a Hugging Face folder nor a run; expected"));
  train_encoder();
  set_unfinished(files_.folder / "vit");
  EXPECT_EQ(image_refusal(), where + "the run is not finished; expected a finished one");
  train_encoder({"model.kind=mixture", "model.width=", "model.heads=", "model.depth=",
                 "model.hidden=", "model.dropout=", "model.pooling="});
  EXPECT_EQ(image_refusal(), where + "its model.kind is \"mixture\"; expected \"vit\"");
  EXPECT_FALSE(fs::exists(run_));
}

TEST_F(ImageStream, refuses_tasks_that_the_encoder_does_not_read) {
  train_encoder();
  put_image_task("first", "[prompts]\n0 = \"a zero\"\n");
  EXPECT_TRUE(contains(image_refusal(), "first.toml:2: prompts.0 has no effect"));
  put_task("first", 'a', 'b');  // texts and prompts
  EXPECT_TRUE(contains(image_refusal(), "first.toml:2: prompts.bad has no effect"));
  files_.file("first.toml", "[data]\npath = \"" + (files_.folder / "first-train.tsv").string() +
                                "\"\nformat = \"tsv\"\n");
  EXPECT_TRUE(contains(image_refusal(), "holds texts; expected a set of images"));
  put_set("first", 12, 3);
  EXPECT_TRUE(contains(refusal({}), "holds no texts; expected a set of texts"));
  EXPECT_FALSE(fs::exists(run_));
}

TEST_F(ImageStream, refuses_rows_that_are_not_there) {
  train_encoder();
  EXPECT_TRUE(
      contains(image_refusal({fmt::format("stream.tasks=[\"{0}\", \"{0}\"]", path("first"))}),
               "task \"first\" is there already"));
  files_.file("first/classes.txt", "a\nb\nc\nnobody\n");
  EXPECT_TRUE(contains(image_refusal(), "no training image of \"nobody\" to compare with"));
  fs::remove(files_.folder / "first/classes.txt");
  files_.file("first.toml", fmt::format("[data]\npath = \"{}\"\nformat = \"idx\"\nvalidation = 0\n",
                                        (files_.folder / "first").string()));
  EXPECT_TRUE(contains(image_refusal({"stream.rows=valid"}), "first: no rows are held out"));
  EXPECT_FALSE(fs::exists(run_));
}

TEST_F(ImageStream, refuses_keys_of_the_other_kind_of_stream) {
  train_encoder();
  EXPECT_EQ(image_refusal({"stream.longest=32"}),
            "stream.longest = 32 has no effect: the encoder reads images");
  EXPECT_TRUE(
      contains(image_refusal({"stream.reference=r.txt"}), "stream.reference = \"r.txt\" has"));
  EXPECT_EQ(refusal({"stream.support=4"}),
            "stream.support = 4 has no effect: the encoder reads texts");
}

TEST(ImageStreamRecipe, shipped_one_names_tasks_that_are_there) {
  const fs::path source = kSourceDir;
  ContinualDocument document;
  document.schema.parse_file(source / "recipes" / "image-stream.toml");
  EXPECT_NO_THROW(check(document.recipe, document.schema));
  EXPECT_EQ(document.recipe.stream.tasks.size(), 8);
  for (const std::string& task : document.recipe.stream.tasks)
    EXPECT_TRUE(read_task_file(source / task).prompts.empty()) << task;
  RecipeDocument encoder;
  encoder.schema.parse_file(source / "recipes" / "image-stream" / "encoder.toml");
  EXPECT_EQ(encoder.recipe.model.kind, "vit");
  EXPECT_EQ(encoder.recipe.data.classes, std::vector<std::string>{"0-59"});
}

}  // namespace
}  // namespace moestro::testing
