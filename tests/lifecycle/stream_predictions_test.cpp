// What a stream that is learned answers for new rows.
#include "moestro/lifecycle/stream_predictions.h"

#include <sstream>

#include <gtest/gtest.h>

#include "lifecycle/continual_fixture.h"
#include "moestro/lifecycle/embeddings.h"
#include "moestro/store/hugging_face.h"
#include "moestro/store/safetensors.h"
#include "store/expect_error.h"

namespace moestro::testing {
namespace {

const Settings kFineTuning = {
    "adapter.kind=none", "adapter.experts=", "adapter.hidden=", "adapter.scale=",
    "merge.every=0",     "merge.first=",     "merge.last=",     "train.rate=.001"};

class StreamPredictions : public Continual {
 protected:
  using Cells = std::vector<std::string>;

  // What a predicted file says, row by row, after its heading.
  std::vector<Cells> answers(const std::string& rows, const std::string& task = "") const {
    std::vector<Cells> answers;
    const int64_t count = predict(rows, task);
    for (const std::string& line : lines_of(files_.folder / "out.csv")) {
      std::istringstream text(line);
      answers.emplace_back();
      for (std::string cell; std::getline(text, cell, ',');) answers.back().push_back(cell);
    }
    EXPECT_EQ(answers.front(), (Cells{"row", "prediction", "probability", "task", "encoder"}));
    answers.erase(answers.begin());
    EXPECT_EQ(std::ssize(answers), count);
    return answers;
  }

  int64_t predict(const std::string& rows, const std::string& task = "",
                  const std::string& out = "out.csv") const {
    return predict_with_stream({.run = run_,
                                .rows = rows,
                                .out = files_.folder / out,
                                .task = task,
                                .data_root = {},
                                .device = {}});
  }

  std::string refused(const std::string& rows, const std::string& task = "",
                      const std::string& out = "out.csv") const {
    const std::string message = thrown<UserError>([&] { predict(rows, task, out); });
    EXPECT_FALSE(fs::exists(files_.folder / out));
    return message;
  }

  std::string texts(const std::string& lines) const { return files_.file("new.txt", lines); }

  // The share of a task's test rows of which the answer is their label.
  double accuracy(const std::string& test, const std::string& task = "") const {
    std::string rows;
    std::vector<std::string> labels;
    for (const std::string& line : lines_of(files_.folder / (test + "-test.tsv"))) {
      rows += line.substr(0, line.find('\t')) + "\n";
      labels.push_back(line.substr(line.find('\t') + 1));
    }
    const std::vector<Cells> answers = this->answers(texts(rows), task);
    double right = 0;
    for (size_t n = 0; n < labels.size(); ++n) right += answers.at(n).at(1) == labels[n];
    return right / static_cast<double>(labels.size());
  }

  // Of all tasks together, after the last one; way: known, chosen.
  Json measured(const std::string& way) const {
    return continual().at(way).at("accuracy").at("matrix").back();
  }

  static std::vector<std::string> lines_of(const fs::path& path) {
    std::istringstream text(get(path));
    std::vector<std::string> lines;
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
  }

  // Both tasks have the same prompts, so that nobody needs the task to know the classes.
  void expect_as_measured() const {
    for (const auto& [t, task] : {std::pair{0, "first"}, {1, "second"}}) {
      EXPECT_DOUBLE_EQ(accuracy(task, task), measured("known")[t].get<double>()) << task;
      EXPECT_DOUBLE_EQ(accuracy(task), measured("chosen")[t].get<double>()) << task;
    }
  }
};

TEST_F(StreamPredictions, find_the_accuracies_that_were_measured) {
  learn({"stream.steps=16", "train.rate=.003"});
  EXPECT_LT(measured("known")[0].get<double>() + measured("chosen")[1].get<double>(), 2);
  expect_as_measured();
}

TEST_F(StreamPredictions, of_fine_tuning_find_them_too) {
  learn(kFineTuning);
  expect_as_measured();
}

TEST_F(StreamPredictions, of_an_added_task_find_them_too) {
  learn();
  add("third");
  EXPECT_DOUBLE_EQ(accuracy("third", "third"), measured("known")[2].get<double>());
}

TEST_F(StreamPredictions, are_the_untouched_encoders_where_no_task_is_known) {
  learn({"stream.steps=16"});
  const auto rows = answers(texts("q r s t u v\na a a g g\n"));
  EXPECT_EQ(rows[0][4], "untouched");
  EXPECT_EQ(rows[1], (Cells{"1", rows[1][1], rows[1][2], "first", "adapted"}));
  const fs::path folder = files_.folder / "encoder";
  const PretrainedEncoder encoder(HuggingFaceFolder(folder), c10::kCPU);
  embed_file({.model = folder,
              .texts = files_.folder / "new.txt",
              .out = files_.folder / "unit.safetensors",
              .device = "cpu"});
  const Tensor unit_ND = SafetensorsFile(files_.folder / "unit.safetensors").tensor("embeddings");
  const std::string classes = rows[0][3] == "first" ? "classes.0" : "classes.1";
  const Tensor classes_CD = SafetensorsFile(run_ / "tasks.safetensors").tensor(classes);
  const auto [prob, label] = (20 * classes_CD.mv(unit_ND[0])).softmax(0).max(0);
  EXPECT_NEAR(std::stod(rows[0][2]), prob.item<double>(), 1e-5);
  EXPECT_EQ(rows[0][1], label.item<int64_t>() == 0 ? "bad" : "good");
}

TEST_F(StreamPredictions, cut_a_text_where_those_of_its_task_are) {
  put(path("first"), get(path("first")) + "longest = 3\n");
  learn({"stream.steps=16"});
  const std::string rows = texts("a b b b\na\n");
  const auto cut = answers(rows, "first"), whole = answers(rows, "second");
  EXPECT_EQ(cut[0][2], cut[1][2]);
  EXPECT_NE(whole[0][2], whole[1][2]);
}

TEST_F(StreamPredictions, safetensors_holds_all_probabilities_by_task) {
  learn({"stream.steps=16"});
  const std::string rows = texts("a a a g g\nq r s t u v\nd d d g h\n");
  EXPECT_EQ(predict(rows, "", "out.safetensors"), 3);
  const SafetensorsFile file(files_.folder / "out.safetensors");
  EXPECT_TRUE(at::allclose(file.tensor("probabilities").sum(1), at::ones({3})));
  EXPECT_TRUE(at::equal(file.tensor("predicted"), file.tensor("probabilities").argmax(1)));
  const auto lines = answers(rows);
  for (int64_t n = 0; n < 3; ++n) {
    EXPECT_EQ(lines[n][3], file.tensor("task")[n].item<int64_t>() == 0 ? "first" : "second");
    EXPECT_EQ(lines[n][4], file.tensor("adapted")[n].item<bool>() ? "adapted" : "untouched");
  }
}

TEST_F(StreamPredictions, refuse_rows_and_tasks_that_there_are_not) {
  learn({"stream.steps=16"});
  const std::string rows = texts("a a a g g\n");
  EXPECT_EQ(refused(rows, "secund"),
            "--task secund: " + run_.string() +
                " has learned no such task; expected one of first, second; did you mean "
                "\"second\"?");
  EXPECT_TRUE(
      contains(refused(files_.folder / "first-test.tsv"),
               "first-test.tsv: expected a text a line, in a file whose name ends in .txt"));
  EXPECT_TRUE(contains(refused(files_.folder / "none.txt"), "none.txt"));
  EXPECT_TRUE(contains(refused(files_.file("empty.txt", "")), "empty.txt: no lines"));
  EXPECT_TRUE(contains(refused(rows, "", "out.json"), "expected a name that ends in .csv"));
  EXPECT_EQ(thrown<UserError>([&] {
              predict_with_stream({.run = run_,
                                   .rows = rows,
                                   .out = files_.folder / "out.csv",
                                   .task = {},
                                   .data_root = files_.folder.path(),
                                   .device = {}});
            }),
            "--data-root: a stream's texts are a file; expected it with a stream of images only");
}

TEST_F(StreamPredictions, refuse_a_run_that_is_not_whole) {
  const std::string rows = texts("a a a g g\n");
  learn({"stream.steps=16"});
  const fs::path last = CheckpointStore(run_ / "checkpoints").path(32);
  const std::string bytes = get(last);
  damage_last_checkpoint();
  EXPECT_TRUE(contains(refused(rows), "its last checkpoint is damaged; expected"));
  fs::rename(run_ / "checkpoints", files_.folder / "elsewhere");
  EXPECT_TRUE(contains(refused(rows), "no checkpoint that can be read"));
  fs::rename(files_.folder / "elsewhere", run_ / "checkpoints");
  put(last, bytes);
  const std::string tasks = get(run_ / "tasks.safetensors");
  put(run_ / "tasks.safetensors", tasks.substr(0, 40));
  EXPECT_TRUE(contains(refused(rows), "tasks.safetensors: "));
  write_safetensors(run_ / "tasks.safetensors", {}, {{"tasks", "[{\"name\": 1}]"}});
  EXPECT_TRUE(contains(refused(rows), "tasks.safetensors: damaged metadata: "));
  const std::string task = "{\"name\": \"a\", \"classes\": [\"b\"], \"longest\": 4}";
  write_safetensors(run_ / "tasks.safetensors", {}, {{"tasks", "[]"}});
  EXPECT_TRUE(contains(refused(rows), "tasks.safetensors: 0 tasks; expected the 2 that were"));
  write_safetensors(run_ / "tasks.safetensors", {{"classes.0", at::ones({2, 3})}},
                    {{"tasks", "[" + task + "," + task + "]"}});
  EXPECT_TRUE(contains(refused(rows), "\"classes.0\" is Float [2x3]; expected Float [1x"));
  fs::remove(run_ / "tasks.safetensors");
  EXPECT_TRUE(contains(refused(rows), "tasks.safetensors: no such file; expected"));
  set_unfinished(run_);
  EXPECT_EQ(refused(rows), run_.string() + ": the run is not finished; expected a finished one");
}

TEST_F(StreamPredictions, refuse_another_encoder_and_none) {
  const std::string rows = texts("a a a g g\n");
  learn({"stream.steps=16"});
  put(files_.folder / "encoder" / "vocab.txt",
      get(files_.folder / "encoder" / "vocab.txt") + "more\n");
  EXPECT_TRUE(contains(refused(rows), "the encoder is not the one that the run was begun with"));
  fs::remove_all(files_.folder / "encoder");
  EXPECT_TRUE(contains(refused(rows), "neither a Hugging Face folder nor a run; expected"));
}

}  // namespace
}  // namespace moestro::testing
