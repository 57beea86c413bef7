// `moestro continual`, and what other verbs say of its runs.
#include <csignal>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/program_fixture.h"
#include "study/stream_fixture.h"

namespace moestro::testing {
namespace {

class ContinualProgram : public ProgramTest {
 protected:
  ContinualProgram() { put_stream(folder_.path(), ""); }

  Outcome learn(const Words& more = {}) const {
    Words arguments = {"continual", "stream.toml", "--out", "runs/s"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return moestro(arguments);
  }
};

TEST_F(ContinualProgram, fine_tuning_has_a_table_and_a_page_too) {
  const Outcome outcome = learn({"--set", "adapter.kind=none", "--set", "adapter.experts=", "--set",
                                 "adapter.hidden=", "--set", "merge.every=0", "--set",
                                 "merge.first=", "--set", "merge.last="});
  ASSERT_TRUE(succeeds(outcome));
  EXPECT_NE(outcome.out.find("accuracy on task, %, task known"), std::string::npos);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "runs/s/report.html"));
}

TEST_F(ContinualProgram, goes_on_by_the_folder_of_the_run) {
  ASSERT_TRUE(succeeds(learn()));
  EXPECT_TRUE(fails(moestro({"continual", "runs/s"}), 2,
                    {"runs/s: a run; expected a recipe, or --resume, or --add TASK"}));
  const Outcome again = moestro({"continual", "runs/s", "--resume"});
  ASSERT_TRUE(succeeds(again));
  EXPECT_NE(again.err.find("nothing to do"), std::string::npos);
}

// At moments spread over the whole life of a stream.
TEST_F(ContinualProgram, a_killed_stream_ends_as_one_that_is_left_in_peace) {
  const auto command = [](const std::string& out) {
    return Words{"continual", "stream.toml", "--out",          "runs/" + out,
                 "--resume",  "--set",       "stream.steps=60"};
  };
  const auto start = std::chrono::steady_clock::now();
  ASSERT_TRUE(succeeds(moestro(command("peace"))));
  const std::chrono::duration<double> whole = std::chrono::steady_clock::now() - start;
  int killed = 0;
  for (const double share : {.1, .3, .5, .7, .8, .9}) {
    Program program(command("killed"), options());
    if (!program.ends_within(share * whole)) program.send(SIGKILL);
    const Outcome outcome = program.wait();
    if (outcome.signal != SIGKILL) break;
    ++killed;
  }
  EXPECT_GT(killed, 0);
  ASSERT_TRUE(succeeds(moestro(command("killed"))));
  const auto streamed = [&](const std::string& out) {
    return nlohmann::json::parse(get(folder_ / "runs" / out / "summary.json")).at("continual");
  };
  EXPECT_EQ(streamed("killed"), streamed("peace"));
  EXPECT_EQ(get(folder_ / "runs/killed/merges.json"), get(folder_ / "runs/peace/merges.json"));
}

TEST_F(ContinualProgram, answers_new_texts) {
  ASSERT_TRUE(succeeds(learn()));
  put(folder_ / "new.txt", "a a g h\nd d i j\n");
  const Words predict = {"predict", "runs/s", "--data", "new.txt", "--out", "out.csv"};
  const auto with = [&](const Words& more) {
    Words arguments = predict;
    arguments.insert(arguments.end(), more.begin(), more.end());
    return moestro(arguments);
  };
  const Outcome outcome = with({"--task", "second"});
  ASSERT_TRUE(succeeds(outcome));
  EXPECT_NE(outcome.err.find("out.csv: 2 predictions"), std::string::npos);
  EXPECT_TRUE(get(folder_ / "out.csv").starts_with("row,prediction,probability,task,encoder\n0,"));
  ASSERT_TRUE(succeeds(with({})));
  EXPECT_TRUE(fails(with({"--precision", "bf16"}), 2, {"--precision: a run has that of its"}));
  EXPECT_TRUE(fails(with({"--hard"}), 2, {"--hard: runs/s is no mixture of whole networks"}));
  EXPECT_TRUE(fails(with({"--task", ""}), 2, {"--task: expected the name of a task"}));
}

TEST_F(ContinualProgram, only_streams_have_tasks) {
  const std::string what = " has no tasks; expected it with a run of `moestro continual` only";
  put(folder_ / "new.txt", "a a g h\n");
  ASSERT_TRUE(succeeds(moestro({"train", "toy.toml", "--out", "runs/t"})));
  const auto predict = [&](const std::string& run) {
    return moestro({"predict", run, "--data", "new.txt", "--out", "x.csv", "--task", "second"});
  };
  for (const std::string run : {"encoder", "runs/t"})
    EXPECT_TRUE(fails(predict(run), 2, {"--task: " + run + what}));
  EXPECT_TRUE(fails(predict("runs/none"), 2, {"runs/none: no such run folder"}));
}

TEST_F(ContinualProgram, runs_of_the_other_kind_are_refused_by_name) {
  ASSERT_TRUE(succeeds(learn()));
  for (const Words& verb :
       {Words{"eval", "runs/s"}, Words{"inspect", "runs/s"},
        Words{"export", "runs/s", "--out", "x.onnx"}, Words{"densify", "runs/s"}})
    EXPECT_TRUE(fails(moestro(verb), 2,
                      {"runs/s: a run of `moestro continual`, which `report`, `continual` and "
                       "`predict` read; expected one of `moestro train`"}))
        << verb.front();
  ASSERT_TRUE(succeeds(moestro({"train", "toy.toml", "--out", "runs/t"})));
  EXPECT_TRUE(fails(moestro({"continual", "runs/t", "--add", "second.toml"}), 2,
                    {"runs/t: no run of `moestro continual`; expected one to add a task to"}));
}

TEST_F(ContinualProgram, a_page_of_several_runs_says_which_streams_it_leaves_out) {
  ASSERT_TRUE(succeeds(learn()));
  EXPECT_TRUE(fails(moestro({"report", "runs"}), 2,
                    {"runs holds runs of `moestro continual` alone, which are not compared on one "
                     "page; expected one of them, as runs/s"}));
  ASSERT_TRUE(succeeds(moestro({"train", "toy.toml", "--out", "runs/t"})));
  const Outcome outcome = moestro({"report", "runs"});
  ASSERT_TRUE(succeeds(outcome));
  EXPECT_EQ(outcome.err,
            "left out, since runs of `moestro continual` are not compared on one page: s\n");
}

TEST_F(ContinualProgram, adds_a_task_on_the_threads_that_it_is_told_and_knows_it_by_any_path) {
  ASSERT_TRUE(succeeds(learn()));
  std::string third = get(folder_ / "second.toml");
  put(folder_ / "third.toml", third.replace(third.find("\"z y\""), 5, "\"y\""));
  const Words add = {"continual", "runs/s", "--device", "cpu", "--threads", "2", "--add"};
  const auto adding = [&](const std::string& task) {
    Words arguments = add;
    arguments.push_back(task);
    return moestro(arguments);
  };
  ASSERT_TRUE(succeeds(adding("third.toml")));
  EXPECT_NE(get(folder_ / "runs/s/recipe.toml").find("threads = 2"), std::string::npos);
  EXPECT_NE(get(folder_ / "runs/s/manifest.json").find("\"threads\": 2"), std::string::npos);
  const Outcome again = adding((folder_ / "runs" / ".." / "third.toml").string());
  ASSERT_TRUE(succeeds(again));
  EXPECT_NE(again.err.find("the task is learned, nothing to do"), std::string::npos);
  EXPECT_TRUE(fails(moestro({"continual", "runs/s", "--add", "third.toml", "--device", "tpu"}), 2,
                    {"--device: train.device = \"tpu\""}));
}

}  // namespace
}  // namespace moestro::testing
