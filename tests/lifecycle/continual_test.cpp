// A stream of tasks through a tiny encoder.
#include "moestro/lifecycle/continual.h"

#include <gtest/gtest.h>

#include "lifecycle/continual_fixture.h"
#include "moestro/core/error.h"
#include "moestro/data/task_file.h"
#include "moestro/store/run_folder.h"
#include "store/expect_error.h"

namespace moestro::testing {
namespace {

TEST_F(Continual, learns_each_task_and_writes_down_what_it_knew_after_each) {
  learn();
  const Json matrix = this->matrix();
  ASSERT_EQ(matrix.size(), 3);
  for (const Json& row : matrix) EXPECT_EQ(row.size(), 2);
  EXPECT_GT(matrix[1][0].get<double>(), .9);
  EXPECT_GT(matrix[2][1].get<double>(), .9);
  // Before it is learned the untouched encoder answers for a task.
  EXPECT_EQ(matrix[1][1], matrix[0][1]);
  const Json continual = this->continual();
  EXPECT_EQ(continual.at("tasks"), Json({"first", "second"}));
  EXPECT_EQ(continual.at("known").at("accuracy").at("last").at("tasks"), matrix[2]);
  for (const Json& frozen : continual.at("frozen")) EXPECT_GE(frozen.get<int64_t>(), 2);
}

TEST_F(Continual, merges_at_the_steps_that_the_recipe_says) {
  learn();
  const Json merges = read_json_file(run_ / "merges.json");
  ASSERT_EQ(merges.size(), 2 * 3 * 2);  // tasks, merges of each, layers
  EXPECT_EQ(continual().at("merges"), merges.size());
  for (const Json& merge : merges) {
    EXPECT_EQ(merge.at("step").get<int64_t>() % 5, 0);
    EXPECT_NE(merge.at("k"), merge.at("i"));
    EXPECT_NE(merge.at("k"), merge.at("j"));
  }
}

TEST_F(Continual, appends_experts_where_all_are_frozen) {
  learn({"adapter.experts=2", "merge.every=0", "merge.first=", "merge.last="});
  for (const Json& experts : of_layers("experts")) EXPECT_GE(experts.get<int64_t>(), 4);
}

TEST_F(Continual, goes_on_after_a_task_as_if_nothing_had_been) {
  learn();
  const auto peace = weights();
  const Json summary = continual();
  lose_second_task();
  learn({}, /*resume=*/true);
  expect_same(weights(), peace);
  EXPECT_EQ(continual(), summary);
}

TEST_F(Continual, goes_on_within_a_task_as_if_nothing_had_been) {
  const Settings settings = {"stream.steps=200"};  // long enough to be stopped in
  learn(settings);
  const auto peace = weights();
  const Json summary = continual(), merges = read_json_file(run_ / "merges.json");
  fs::remove_all(run_);
  EXPECT_TRUE(contains(stopped([&] { learn(settings); }), "--resume goes on"));
  learn(settings, /*resume=*/true);
  expect_same(weights(), peace);
  EXPECT_EQ(continual(), summary);
  EXPECT_EQ(read_json_file(run_ / "merges.json"), merges);
}

TEST_F(Continual, adds_a_task_without_changing_what_earlier_ones_are_answered_with) {
  learn({"adapter.shared=1"});
  const Json before = matrix();
  const auto weights_before = weights();
  add("third");
  const Json after = matrix();
  ASSERT_EQ(after.size(), 4);
  EXPECT_NE(after[3][2], after[0][2]);
  for (size_t j = 0; j < 2; ++j) EXPECT_EQ(after[3][j], before[2][j]);
  EXPECT_EQ(after[1][2], after[0][2]);
  // Every expert, shared or not, and every gate that there was.
  const auto weights_after = weights();
  for (const auto& [name, tensor] : weights_before) {
    if (!name.starts_with("adapters.")) continue;
    const Tensor& now = weights_after.at(name);
    EXPECT_TRUE(at::equal(tensor, now.narrow(0, 0, tensor.size(0)))) << name;
  }
  for (const Json& experts : of_layers("experts")) EXPECT_EQ(experts, 7);
  add("third");  // nothing to do
  EXPECT_EQ(matrix(), after);
}

TEST_F(Continual, goes_on_adding_a_task_where_it_was_stopped) {
  learn();
  fs::copy(run_, files_.folder / "copy", fs::copy_options::recursive);
  add("third");
  const auto peace = weights();
  const Json summary = continual();
  run_ = files_.folder / "copy";
  // Killed when the manifest said that the run goes on, and the recipe did not name the task yet.
  const RunFolder folder = RunFolder::open(run_);
  Manifest manifest = folder.manifest();
  manifest.status = RunStatus::running;
  folder.write(manifest);
  add("third");
  expect_same(weights(), peace);
  EXPECT_EQ(continual(), summary);
}

TEST_F(Continual, learns_again_what_the_last_checkpoint_lost) {
  learn();
  const auto peace = weights();
  const Json summary = continual(), merges = read_json_file(run_ / "merges.json");
  damage_last_checkpoint();
  EXPECT_TRUE(contains(thrown<UserError>([&] { add("third"); }), "go on with --resume first"));
  learn({}, /*resume=*/true);
  expect_same(weights(), peace);
  EXPECT_EQ(continual(), summary);
  EXPECT_EQ(read_json_file(run_ / "merges.json"), merges);
  EXPECT_TRUE(RunFolder::open(run_).is_finished());
}

TEST_F(Continual, adds_again_what_the_last_checkpoint_lost) {
  learn();
  add("third");
  const auto peace = weights();
  damage_last_checkpoint();
  put_task("fourth", 'a', 'd');
  EXPECT_TRUE(contains(thrown<UserError>([&] { add("fourth"); }),
                       "2 of its 3 tasks are learned; expected a finished run: go on with --add " +
                           path("third") + " first"));
  add("third");
  expect_same(weights(), peace);
}

TEST_F(Continual, refuses_to_go_on_where_no_checkpoint_is_left_of_a_finished_run) {
  learn();
  fs::remove_all(run_ / "checkpoints");
  EXPECT_TRUE(contains(refusal({}, /*resume=*/true), "no checkpoint that can be read; expected"));
  EXPECT_EQ(matrix().size(), 3);
}

TEST_F(Continual, refuses_to_add_where_no_checkpoint_is_left) {
  learn();
  fs::remove_all(run_ / "checkpoints");
  EXPECT_TRUE(contains(thrown<UserError>([&] { add("third"); }), "no checkpoint"));
  EXPECT_EQ(matrix().size(), 3);
}

TEST_F(Continual, refuses_what_cannot_be_before_the_folder_is_made) {
  EXPECT_TRUE(contains(refusal({"stream.tasks=[]"}), "stream.tasks is empty"));
  EXPECT_TRUE(contains(refusal({"stream.encoder="}), "stream.encoder is empty"));
  EXPECT_TRUE(contains(refusal({"merge.every=50"}), "merge.every"));
  EXPECT_TRUE(contains(refusal({"adapter.experts=3", "adapter.k=3"}),
                       "sends every sample to every expert"));
  EXPECT_TRUE(contains(refusal({"adapter.experts=2"}), "adapter.experts = 2 are too few to merge"));
  EXPECT_TRUE(contains(refusal({"stream.rows=valid"}), "no rows are held out"));
  EXPECT_TRUE(contains(refusal({fmt::format("stream.tasks=[\"{0}\", \"{0}\"]", path("first"))}),
                       "is there already"));
  put_task_file("fourth", files_.folder / "third-train.tsv", files_.folder / "third-test.tsv",
                "X W V");
  EXPECT_TRUE(contains(refusal({fmt::format("stream.tasks=[\"{}\"]", path("fourth"))}),
                       "the encoder sees no difference between the prompts"));
  EXPECT_FALSE(fs::exists(run_));
}

TEST_F(Continual, refuses_to_go_on_with_another_recipe_or_other_rows) {
  learn();
  EXPECT_TRUE(contains(refusal({"stream.scale=10"}, true), "another recipe"));
  set_unfinished(run_);
  put_task("second", 'c', 'e');
  EXPECT_TRUE(contains(refusal({}, true),
                       "second.toml: task \"second\" is not what the run was begun with"));
  put_task("second", 'c', 'd');
  put(files_.folder / "encoder" / "tokenizer_config.json", "{}");
  put(files_.folder / "encoder" / "vocab.txt",
      read_file(files_.folder / "encoder" / "vocab.txt") + "more\n");
  EXPECT_TRUE(contains(refusal({}, true), "the encoder is not the one"));
}

TEST_F(Continual, refuses_to_add_again_what_has_changed) {
  learn();
  add("third");
  const Json before = matrix();
  const auto refusal = [&] { return thrown<UserError>([&] { add("third"); }); };
  const std::string changed =
      path("third") +
      ": task \"third\" is not what the run was begun with: its name, keys or rows "
      "have changed; expected the same file and data";
  put_task("third", 'b', 'e');
  EXPECT_EQ(refusal(), changed);
  put_task("third", 'b', 'c');
  put_task_file("third", files_.folder / "third-train.tsv", files_.folder / "third-test.tsv", "y");
  EXPECT_EQ(refusal(), changed);
  put_task("third", 'b', 'c');
  EXPECT_NO_THROW(add("third"));
  put_task("first", 'a', 'e');
  EXPECT_TRUE(contains(refusal(), "first.toml: task \"first\" is not what the run was begun with"));
  put_task("first", 'a', 'b');
  put(files_.folder / "encoder" / "vocab.txt",
      get(files_.folder / "encoder" / "vocab.txt") + "more\n");
  EXPECT_TRUE(contains(refusal(), "the encoder is not the one"));
  EXPECT_EQ(matrix(), before);
}

TEST_F(Continual, refuses_to_add_to_what_is_no_finished_stream) {
  EXPECT_TRUE(contains(thrown<UserError>([&] { add("third"); }), run_.string()));
  learn();
  EXPECT_TRUE(contains(thrown<UserError>([&] { add("first"); }), "is there already"));
}

TEST(ContinualRecipe, shipped_ones_name_tasks_that_are_there) {
  const fs::path source = kSourceDir;
  for (const auto& [name, tasks] : {std::pair{"text-stream", 10}, {"text-stream-small", 4}}) {
    ContinualDocument document;
    document.schema.parse_file(source / "recipes" / fmt::format("{}.toml", name));
    EXPECT_NO_THROW(check(document.recipe, document.schema)) << name;
    EXPECT_EQ(document.recipe.stream.tasks.size(), tasks);
    for (const std::string& task : document.recipe.stream.tasks)
      EXPECT_FALSE(read_task_file(source / task).prompts.empty()) << task;
  }
}

}  // namespace
}  // namespace moestro::testing
