// A stream of tasks through a tiny encoder.
#include "moestro/lifecycle/continual.h"

#include <csignal>
#include <thread>

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "data/task_fixture.h"
#include "lifecycle/tiny_encoder.h"
#include "moestro/core/error.h"
#include "moestro/data/task_file.h"
#include "moestro/store/checkpoint_store.h"
#include "moestro/store/json_file.h"
#include "moestro/store/run_folder.h"
#include "store/expect_error.h"
#include "thrown.h"

namespace moestro::testing {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using Settings = std::vector<std::string>;

// Each task tells two letters apart, each set of texts its own pair.
class Continual : public ::testing::Test {
 protected:
  Continual() {
    put_tiny_encoder(files_.folder / "encoder");
    for (const auto& [name, bad, good] :
         {std::tuple{"first", 'a', 'b'}, {"second", 'c', 'd'}, {"third", 'b', 'c'}})
      put_task(name, bad, good);
  }

  void put_task(const std::string& name, char bad, char good) const {
    const auto texts = [&](int rows, int from) {
      std::string text;
      for (int n = from; n < from + rows; ++n) {
        const std::string other = fmt::format("{} {}", char('g' + n % 19), char('g' + n / 19));
        text += fmt::format("{0} {0} {0} {1}\tbad\n{2} {2} {2} {1}\tgood\n", bad, other, good);
      }
      return text;
    };
    put_task_file(name, files_.file(name + "-train.tsv", texts(20, 0)),
                  files_.file(name + "-test.tsv", texts(10, 30)));
  }

  void put_task_file(const std::string& name, const std::string& train, const std::string& test,
                     const std::string& good = "z y") const {
    files_.file(name + ".toml",
                fmt::format("[prompts]\nbad = \"x w v\"\ngood = \"{}\"\n[data]\npath = \"{}\"\n"
                            "test_path = \"{}\"\nformat = \"tsv\"\nvalidation = 0\n",
                            good, train, test));
  }

  std::string path(const std::string& name) const {
    return (files_.folder / (name + ".toml")).string();
  }

  RunOptions options(bool resume = false) const {
    return {.out = run_, .data_root = files_.folder.path(), .resume = resume};
  }

  // Of two tasks, 40 steps each, merged after every fifth.
  void learn(const Settings& more = {}, bool resume = false) const {
    ContinualDocument document;
    Settings settings = {
        "stream.encoder=" + (files_.folder / "encoder").string(),
        fmt::format("stream.tasks=[\"{}\", \"{}\"]", path("first"), path("second")),
        "stream.steps=40",
        "stream.batch=8",
        "adapter.experts=5",
        "adapter.hidden=16",
        "adapter.scale=1",
        "merge.every=5",
        "merge.first=5",
        "merge.last=15",
        "train.rate=.03",
        "stream.label_smoothing=0",

        "train.device=cpu",
        "train.threads=1",
        "train.keep=100"};
    settings.insert(settings.end(), more.begin(), more.end());
    for (const std::string& setting : settings) document.schema.set(setting);
    run_stream(document, options(resume));
  }

  std::string refusal(const Settings& more, bool resume = false) const {
    return thrown<UserError>([&] { learn(more, resume); });
  }

  void add(const std::string& name) const {
    add_task_to_run(run_, path(name), files_.folder.path());
  }

  Json continual() const { return read_json_file(run_ / "summary.json").at("continual"); }
  Json matrix() const { return continual().at("known").at("accuracy").at("matrix"); }

  std::map<std::string, Tensor> weights() const {
    const SafetensorsFile file = CheckpointStore(run_ / "checkpoints").latest()->file;
    std::map<std::string, Tensor> all;
    for (const std::string& name : file.names()) all[name] = file.tensor(name).clone();
    return all;
  }

  TaskFolder files_;
  fs::path run_ = files_.folder / "run";
};

void expect_same(const std::map<std::string, Tensor>& a, const std::map<std::string, Tensor>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [name, tensor] : a) EXPECT_TRUE(at::equal(tensor, b.at(name))) << name;
}

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
  for (const Json& experts : continual().at("experts")) EXPECT_GE(experts.get<int64_t>(), 4);
}

TEST_F(Continual, goes_on_after_a_task_as_if_nothing_had_been) {
  learn();
  const auto peace = weights();
  const Json summary = continual();
  const RunFolder folder = RunFolder::open(run_);
  const fs::path last = CheckpointStore(folder.checkpoints_path()).path(80);
  fs::remove(last);
  fs::remove(last.string() + ".sha256");
  Manifest manifest = folder.manifest();
  manifest.status = RunStatus::interrupted;
  folder.write(manifest);
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
  std::thread stopper([this] {
    std::error_code none;
    while (fs::file_size(run_ / "metrics.jsonl", none) < 10 || none) std::this_thread::yield();
    std::raise(SIGINT);
  });
  const std::string message = thrown<Interrupted>([&] { learn(settings); });
  stopper.join();
  EXPECT_TRUE(contains(message, "--resume goes on"));
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
  for (const Json& experts : continual().at("experts")) EXPECT_EQ(experts, 7);
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
  EXPECT_TRUE(contains(refusal({"adapter.experts=2"}), "sends every text to every expert"));
  EXPECT_TRUE(contains(refusal({"adapter.experts=2", "adapter.k=1", "adapter.freeze=1"}),
                       "expected at least 3"));
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
  const RunFolder folder = RunFolder::open(run_);
  Manifest manifest = folder.manifest();
  manifest.status = RunStatus::interrupted;
  folder.write(manifest);
  put_task("second", 'c', 'e');
  EXPECT_TRUE(contains(refusal({}, true), "the rows of task \"second\" are not those"));
  put_task("second", 'c', 'd');
  put(files_.folder / "encoder" / "tokenizer_config.json", "{}");
  put(files_.folder / "encoder" / "vocab.txt",
      read_file(files_.folder / "encoder" / "vocab.txt") + "more\n");
  EXPECT_TRUE(contains(refusal({}, true), "the encoder is not the one"));
}

TEST_F(Continual, refuses_to_add_to_what_is_no_finished_stream) {
  EXPECT_TRUE(contains(thrown<UserError>([&] { add("third"); }), run_.string()));
  learn();
  EXPECT_TRUE(contains(thrown<UserError>([&] { add("first"); }), "is there already"));
}

TEST(ContinualRecipe, shipped_one_names_tasks_that_are_there) {
  const fs::path source = kSourceDir;
  ContinualDocument document;
  document.schema.parse_file(source / "recipes" / "text-stream.toml");
  EXPECT_NO_THROW(check(document.recipe, document.schema));
  EXPECT_EQ(document.recipe.stream.tasks.size(), 10);
  for (const std::string& task : document.recipe.stream.tasks)
    EXPECT_FALSE(read_task_file(source / task).prompts.empty()) << task;
}

}  // namespace
}  // namespace moestro::testing
