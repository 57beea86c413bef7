// Tasks that tell two letters apart, each set of texts its own pair, learned beside a tiny encoder.
#pragma once

#include <csignal>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "data/task_fixture.h"
#include "lifecycle/tiny_encoder.h"
#include "moestro/core/error.h"
#include "moestro/lifecycle/continual.h"
#include "moestro/store/checkpoint_store.h"
#include "moestro/store/json_file.h"
#include "moestro/store/run_folder.h"
#include "thrown.h"

namespace moestro::testing {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using Settings = std::vector<std::string>;

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
    add_task_to_run(
        {.run = run_, .task_file = path(name), .data_root = files_.folder.path(), .device = {}});
  }

  // As if it had been killed while it learned the second task.
  void lose_second_task() const {
    const RunFolder folder = RunFolder::open(run_);
    const fs::path last = CheckpointStore(folder.checkpoints_path()).path(80);
    fs::remove(last);
    fs::remove(last.string() + ".sha256");
    set_unfinished(run_);
  }

  void damage_last_checkpoint() const {
    const CheckpointStore store(run_ / "checkpoints");
    const fs::path last = store.path(store.steps().back());
    fs::resize_file(last, fs::file_size(last) / 2);
  }

  static void set_unfinished(const fs::path& run) {
    const RunFolder folder = RunFolder::open(run);
    Manifest manifest = folder.manifest();
    manifest.status = RunStatus::interrupted;
    folder.write(manifest);
  }

  // Stopped by hand once it has written down its first steps; what it says then.
  std::string stopped(const std::function<void()>& learn) const {
    std::thread stopper([this] {
      std::error_code none;
      while (fs::file_size(run_ / "metrics.jsonl", none) < 10 || none) std::this_thread::yield();
      std::raise(SIGINT);
    });
    const std::string message = thrown<Interrupted>(learn);
    stopper.join();
    return message;
  }

  Json continual() const { return read_json_file(run_ / "summary.json").at("continual"); }
  // One number a layer; a copy, so that a loop may run over it.
  Json of_layers(const std::string& what) const { return continual().at(what); }
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

inline void expect_same(const std::map<std::string, Tensor>& a,
                        const std::map<std::string, Tensor>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [name, tensor] : a) EXPECT_TRUE(at::equal(tensor, b.at(name))) << name;
}

}  // namespace moestro::testing
