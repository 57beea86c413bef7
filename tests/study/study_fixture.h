// A study whose runs are trained by a shell script.
#pragma once

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "lifecycle/made_up.h"
#include "moestro/core/log.h"
#include "moestro/store/json_file.h"
#include "moestro/store/manifest.h"
#include "moestro/study/run_study.h"

namespace moestro::testing {

class StubbedStudy : public ::testing::Test {
 protected:
  StubbedStudy() {
    set_log_level(LogLevel::quiet);
    put(folder_ / "train.csv", corners_csv(40, 1));
    put(folder_ / "test.csv", corners_csv(20, 2));
    put(folder_ / "toy.toml", corners_recipe(folder_.path()));
    put_program("");
  }

  // `special`: lines of shell that see the run's $name before it is "trained".
  void put_program(const std::string& special) {
    const std::filesystem::path program = folder_ / "program";
    put(program, "#!/bin/sh\nname=$(basename \"$4\")\nevents='" + events_path().string() +
                     "'\necho \"start $name\" >> \"$events\"\n" + special +
                     R"(
mkdir -p "$4" && cp "$2" "$4/recipe.toml"
now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
echo '{"version": "0", "seed": 0, "device": "stub", "threads": 1, "data_digest": "",' \
  '"started": "'$now'", "finished": "'$now'", "status": "finished"}' > "$4/manifest.json"
echo '{"schema": 1, "seed": 0, "test": {"error": 0.25}}' > "$4/summary.json"
echo "end $name" >> "$events"
)");
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  }

  StudyPlan plan(const std::string& arms, const PlanOptions& options = {}) {
    put(folder_ / "s.toml",
        "[study]\nrecipe = \"toy.toml\"\nseeds = 2\nprimary = [\"b\", \"a\"]\n[study.arms]\n" +
            arms);
    return plan_study(folder_ / "s.toml", out_, options);
  }

  std::vector<StudyRow> run(const StudyPlan& plan, int64_t jobs = 1) {
    return run_study(plan, {.out = out_, .program = folder_ / "program", .jobs = jobs});
  }

  // As the program would leave it.
  void put_run(const PlannedRun& run, const std::string& started, const std::string& finished) {
    std::filesystem::create_directories(run.folder);
    put(run.folder / "recipe.toml", run.recipe);
    put_manifest(run.folder, started, finished);
    put(run.folder / "summary.json", R"({"schema": 1, "seed": 0, "test": {"error": 0.5}})");
  }
  static void put_manifest(const std::filesystem::path& folder, const std::string& started,
                           const std::string& finished) {
    std::filesystem::create_directories(folder);
    write_manifest(folder / "manifest.json",
                   {.started = started,
                    .finished = finished,
                    .status = finished.empty() ? RunStatus::running : RunStatus::finished});
  }

  // "start a-0", "end a-0", ... in their order.
  std::vector<std::string> events() const {
    std::vector<std::string> events;
    std::istringstream lines(get(events_path()));
    for (std::string line; std::getline(lines, line);) events.push_back(line);
    return events;
  }
  bool happened(const std::string& event) const {
    const std::vector<std::string> all = events();
    return std::ranges::find(all, event) != all.end();
  }
  // "a-0 a-1 b-0", in the order of results.csv.
  std::string stored() const {
    std::string names;
    for (const StudyRow& row : read_rows(out_ / "results.csv"))
      names += fmt::format("{}{}-{}", names.empty() ? "" : " ", row.arm, row.seed);
    return names;
  }

  std::filesystem::path events_path() const { return folder_ / "events"; }

  TemporaryFolder folder_;
  std::filesystem::path out_ = folder_ / "out";
};

}  // namespace moestro::testing
