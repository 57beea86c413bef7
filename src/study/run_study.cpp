#include "moestro/study/run_study.h"

#include <algorithm>
#include <chrono>
#include <list>
#include <thread>

#include <ATen/Parallel.h>

#include "moestro/core/error.h"
#include "moestro/core/interrupt.h"
#include "moestro/core/log.h"
#include "moestro/core/progress.h"
#include "moestro/store/atomic_file.h"
#include "moestro/store/run_folder.h"
#include "process.h"
#include "rehearsal.h"

namespace moestro {
namespace fs = std::filesystem;
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string last_line(const fs::path& log) {
  std::string text = read_file(log);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.substr(text.find_last_of('\n') + 1);
}

// Two studies would spoil each other's files.
File locked_folder(const fs::path& out) {
  std::error_code none;
  if (is_run_folder(out))
    throw UserError("{}: holds a run; expected another --out for a study", out.string());
  if (fs::exists(out, none) && !fs::is_directory(out, none))
    throw UserError("{}: is a file; expected a folder for --out", out.string());
  fs::create_directories(out);
  File folder = File::folder(out);
  if (!folder.try_lock())
    throw UserError("{}: another study is writing there; expected one at a time", out.string());
  return folder;
}

class Runner {
 public:
  Runner(const StudyPlan& plan, const StudyOptions& options)
      : plan_(plan),
        options_(options),
        lock_(locked_folder(options.out)),
        rows_(plan.runs.size()),
        state_(plan.runs.size()) {}

  std::vector<StudyRow> run() {
    check_arms_there();
    find_finished();
    if (finished_ < plan_.runs.size()) {
      rehearse(
          plan_, [&](size_t i) { return state_[i] == State::finished; }, options_.data_root);
      for (const char* folder : {"runs", "recipes", "logs"})
        fs::create_directories(options_.out / folder);
      train();
    }
    if (!failures_.empty()) report_failures();
    return stored();
  }

 private:
  enum class State { waiting, running, finished, failed };
  struct Running {
    size_t run;
    Process process;
    Clock::time_point started;
  };

  std::string name_of(size_t i) const { return plan_.runs[i].folder.filename().string(); }
  fs::path log_path(size_t i) const { return options_.out / "logs" / (name_of(i) + ".log"); }
  fs::path results_path() const { return options_.out / "results.csv"; }

  // A folder holds one study, which may grow.
  void check_arms_there() const {
    std::error_code none;
    if (!fs::exists(results_path(), none)) return;
    for (const StudyRow& row : read_rows(results_path()))
      if (std::ranges::find(plan_.runs, row.arm, &PlannedRun::arm) == plan_.runs.end())
        throw UserError(
            "{}: has results of an arm \"{}\", which {} does not have; expected another "
            "--out",
            results_path().string(), row.arm, plan_.name);
  }

  // Nothing is touched before every folder is known to hold the run that is planned.
  void find_finished() {
    for (size_t i = 0; i < plan_.runs.size(); ++i) {
      const PlannedRun& run = plan_.runs[i];
      if (!is_run_folder(run.folder)) continue;
      const RunFolder folder = RunFolder::open(run.folder);
      if (const auto difference = folder.recipe_difference(run.recipe))
        throw UserError(
            "{}: the run there has another recipe than arm \"{}\" has now; expected the same, "
            "another --out, or that folder gone (here: {})",
            run.folder.string(), run.arm, *difference);
      check_teachers(run);
      if (folder.is_finished()) finish(i);
    }
    if (finished_ == 0) return;
    for (const auto& [arm, assignments] : plan_.study.arms) compare_splits_of(arm);
    write_rows(results_path(), stored());
    log_info("{} of {} runs are there already", finished_, plan_.runs.size());
  }

  // A run that began before the one it starts from ended, began from another one.
  void check_teachers(const PlannedRun& run) const {
    const Manifest ours = RunFolder::open(run.folder).manifest();
    for (const size_t need : run.needs) {
      const PlannedRun& teacher = plan_.runs[need];
      if (is_run_folder(teacher.folder) && RunFolder::open(teacher.folder).is_finished() &&
          RunFolder::open(teacher.folder).manifest().finished <= ours.started)
        continue;
      throw UserError(
          "{}: was started from {}, which is gone or was trained again since; expected "
          "that folder gone too",
          run.folder.string(), teacher.folder.string());
    }
  }

  void train() {
    const InterruptHandlers handlers;
    started_ = Clock::now();
    log_info("training {} runs, {} at a time", plan_.runs.size() - finished_, options_.jobs);
    while (true) {
      if (interrupt_requested()) stop();
      start_what_can();
      if (running_.empty()) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      collect();
    }
  }

  void finish(size_t i) {
    rows_[i] = read_row(plan_.runs[i], plan_.study);
    state_[i] = State::finished;
    ++finished_;
    check_same_rows(i);
  }

  void check_same_rows(size_t i) const {
    for (size_t other = 0; other < rows_.size(); ++other)
      if (state_[other] == State::finished && rows_[other].seed == rows_[i].seed &&
          rows_[other].test_rows != rows_[i].test_rows)
        throw UserError(
            "{} and {} were measured on other test rows: the data changed in between; "
            "expected the same for all arms",
            plan_.runs[i].folder.string(), plan_.runs[other].folder.string());
  }

  // Who chooses settings keeps nothing of the test rows.
  void compare_splits_of(const std::string& arm) {
    if (on_validation(plan_.study)) return;
    std::vector<StudyRow*> rows;
    for (size_t i = 0; i < rows_.size(); ++i)
      if (state_[i] == State::finished && rows_[i].arm == arm) rows.push_back(&rows_[i]);
    compare_splits(rows);
  }

  // In the order of the arms, then by seed.
  std::vector<StudyRow> stored() const {
    std::vector<StudyRow> rows;
    for (const auto& [arm, assignments] : plan_.study.arms)
      for (size_t i = 0; i < rows_.size(); ++i)
        if (state_[i] == State::finished && rows_[i].arm == arm) rows.push_back(rows_[i]);
    return rows;
  }

  void start_what_can() {
    for (size_t i = 0; i < plan_.runs.size(); ++i) {
      if (static_cast<int64_t>(running_.size()) >= options_.jobs) return;
      const bool ready = std::ranges::all_of(
          plan_.runs[i].needs, [&](size_t need) { return state_[need] == State::finished; });
      if (state_[i] == State::waiting && ready) start(i);
    }
  }

  void start(size_t i) {
    const fs::path recipe = options_.out / "recipes" / (name_of(i) + ".toml");
    write_atomically(recipe, plan_.runs[i].recipe);
    std::vector<std::string> command = {
        options_.program.string(),     "train",    recipe.string(), "--out",
        plan_.runs[i].folder.string(), "--resume", "--quiet"};
    if (!options_.data_root.empty()) {
      command.push_back("--data-root");
      command.push_back(options_.data_root.string());
    }
    // As the environment says it: train.threads is part of the recipe, and --jobs may change.
    std::vector<std::string> environment;
    if (options_.jobs > 1)
      environment = {
          fmt::format("OMP_NUM_THREADS={}", std::max<int64_t>(1, threads_ / options_.jobs)),
          "OMP_WAIT_POLICY=PASSIVE"};
    running_.push_back({i, Process(command, environment, log_path(i)), Clock::now()});
    state_[i] = State::running;
  }

  void collect() {
    for (auto one = running_.begin(); one != running_.end();) {
      const std::optional<int> code = one->process.exit_code();
      if (code && *code == kExitOk)
        report(one->run, seconds_since(one->started));
      else if (code && !stopping_)
        fail(one->run, *code);
      one = code ? running_.erase(one) : std::next(one);
    }
  }

  void report(size_t i, double seconds) {
    finish(i);
    ++trained_;
    compare_splits_of(plan_.runs[i].arm);
    write_rows(results_path(), stored());
    const auto left = static_cast<double>(plan_.runs.size() - finished_ - failures_.size());
    const double each = seconds_since(started_) / static_cast<double>(trained_);
    log_info("{}/{} {}, seed {}: {} {:.4f}, {}{}", finished_, plan_.runs.size(), plan_.runs[i].arm,
             plan_.runs[i].seed, plan_.study.metric, rows_[i].figure(plan_.study.metric),
             duration_text(seconds),
             left > 0 ? fmt::format("; about {} left", duration_text(left * each)) : "");
  }

  // The others go on, but for those that need it.
  void fail(size_t i, int code) {
    state_[i] = State::failed;
    worst_ = std::max(worst_, code == kExitUser ? 0 : 1);
    const std::string how =
        code > 128 ? fmt::format("was ended by signal {}", code - 128)
                   : fmt::format("ended with exit code {}: {}", code, last_line(log_path(i)));
    failures_.push_back(fmt::format("{} {} (all of it: {})", plan_.runs[i].folder.string(), how,
                                    log_path(i).string()));
    log_info("{} failed; the others go on", plan_.runs[i].folder.string());
  }

  [[noreturn]] void report_failures() const {
    const std::string text =
        fmt::format("{} of {} runs finished; {}", finished_, plan_.runs.size(),
                    failures_.size() == 1
                        ? failures_.front()
                        : fmt::format("{} failed, first {}", failures_.size(), failures_.front()));
    if (worst_ > 0) throw SystemError(text);
    throw UserError(text);
  }

  [[noreturn]] void stop() {
    stopping_ = true;
    for (Running& one : running_) one.process.interrupt();
    while (!running_.empty()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      collect();
    }
    throw Interrupted(fmt::format("stopped with {} of {} runs finished; the same command goes on",
                                  finished_, plan_.runs.size()));
  }

  const StudyPlan& plan_;
  const StudyOptions& options_;
  File lock_;
  std::vector<StudyRow> rows_;
  std::vector<State> state_;
  std::list<Running> running_;
  size_t finished_ = 0, trained_ = 0;
  int64_t threads_ = at::get_num_threads();
  Clock::time_point started_;
  bool stopping_ = false;  // how a run ends is no failure then
  std::vector<std::string> failures_;
  int worst_ = 0;  // 1: not all of them can be mended by the user
};

}  // namespace

std::vector<StudyRow> run_study(const StudyPlan& plan, const StudyOptions& options) {
  return Runner(plan, options).run();
}

}  // namespace moestro
