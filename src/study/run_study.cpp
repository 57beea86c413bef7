#include "moestro/study/run_study.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <list>
#include <set>
#include <thread>

#include <ATen/Parallel.h>

#include "arm_recipe.h"
#include "gpu_share.h"
#include "moestro/core/device.h"
#include "moestro/core/error.h"
#include "moestro/core/interrupt.h"
#include "moestro/core/log.h"
#include "moestro/core/progress.h"
#include "moestro/store/atomic_file.h"
#include "process.h"
#include "rehearsal.h"
#include "results_file.h"
#include "run_schedule.h"
#include "study_folder.h"
#include "time_left.h"

namespace moestro {
namespace fs = std::filesystem;
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// What a run said last, or why that cannot be told.
std::string last_line(const fs::path& log) {
  try {
    std::string text = read_file(log);
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text.substr(text.find_last_of('\n') + 1);
  } catch (const std::exception& error) {
    return error.what();
  }
}

fs::path results_path(const fs::path& out) {
  return out / "results.csv";
}

class Runner {
 public:
  Runner(const StudyPlan& plan, const StudyOptions& options)
      : plan_(plan),
        options_(options),
        lock_(lock_study(options.out)),
        results_(plan, results_path(options.out)),
        schedule_(plan.runs),
        verb_(new_arm_recipe(plan.kind)->facts().verb),
        gpus_(gpu_names(std::getenv("CUDA_VISIBLE_DEVICES"), gpu_count())) {}

  std::vector<StudyRow> run() {
    check_arms_there(plan_, results_.path());
    find_finished();
    if (schedule_.next()) {
      rehearse(
          plan_, [&](size_t i) { return schedule_.is_finished(i); }, options_.data_root);
      for (const char* folder : {"runs", "recipes", "logs"})
        fs::create_directories(options_.out / folder);
      train();
    }
    if (!failures_.empty()) report_failures();
    return results_.rows();
  }

 private:
  struct Running {
    size_t run;
    Process process;
    Clock::time_point started;
    std::optional<size_t> gpu;  // of several
  };

  std::string name_of(size_t i) const { return plan_.runs[i].folder.filename().string(); }
  fs::path log_path(size_t i) const { return options_.out / "logs" / (name_of(i) + ".log"); }
  int64_t finished() const { return schedule_.count(RunState::finished); }

  // Nothing is touched before every folder is known to hold the run that is planned.
  void find_finished() {
    for (size_t i = 0; i < plan_.runs.size(); ++i)
      if (is_finished(plan_.runs[i], plan_)) {
        results_.add(plan_.runs[i]);
        schedule_.set(i, RunState::finished);
      }
    for (const PlannedRun& run : plan_.beside)
      if (is_finished(run, plan_)) results_.add(run);
    if (results_.rows().empty()) return;
    results_.write();
    if (finished() > 0) log_info("{} of {} runs are there already", finished(), plan_.runs.size());
  }

  void train() {
    const InterruptHandlers handlers;
    log_info("training {} runs, {} at a time", plan_.runs.size() - finished(), options_.jobs);
    while (true) {
      if (interrupt_requested()) stop();
      while (std::ssize(running_) < options_.jobs && schedule_.next()) start(*schedule_.next());
      if (running_.empty()) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      collect();
    }
  }

  void start(size_t i) {
    const fs::path recipe = options_.out / "recipes" / (name_of(i) + ".toml");
    write_atomically(recipe, plan_.runs[i].recipe);
    std::vector<std::string> command = {
        options_.program.string(),     verb_,      recipe.string(), "--out",
        plan_.runs[i].folder.string(), "--resume", "--quiet"};
    if (!options_.data_root.empty()) {
      command.push_back("--data-root");
      command.push_back(options_.data_root.string());
    }
    const std::optional<size_t> gpu = gpus_.take();
    // As the environment says it: train.threads is part of the recipe, and --jobs may change.
    std::vector<std::string> environment;
    if (options_.jobs > 1)
      environment = {
          fmt::format("OMP_NUM_THREADS={}", std::max<int64_t>(1, threads_ / options_.jobs)),
          "OMP_WAIT_POLICY=PASSIVE"};
    if (gpu) environment.push_back(gpus_.environment(*gpu));
    running_.push_back({i, Process(command, environment, log_path(i)), Clock::now(), gpu});
    schedule_.set(i, RunState::running);
  }

  void collect() {
    for (auto one = running_.begin(); one != running_.end();) {
      const std::optional<int> code = one->process.exit_code();
      if (!code) {
        ++one;
        continue;
      }
      const size_t run = one->run;
      const double seconds = seconds_since(one->started);
      gpus_.give_back(one->gpu);
      one = running_.erase(one);
      if (*code == kExitOk)
        finish(run, seconds);
      else if (!stopping_ && !interrupt_requested())
        fail(run, *code);
    }
  }

  void finish(size_t i, double seconds) {
    const StudyRow row = results_.add(plan_.runs[i]);
    results_.write();
    schedule_.set(i, RunState::finished);
    ++pace_.trained;
    pace_.trained_seconds += seconds;
    log_info("{}/{} {}, seed {}: {} {:.4f}, {}{}", finished(), plan_.runs.size(), row.arm, row.seed,
             plan_.study.metric, row.figure(plan_.study.metric), duration_text(seconds),
             stopping_ ? "" : time_left_text(pace()));
  }

  StudyPace pace() const {
    StudyPace pace = pace_;
    pace.still_to_start = schedule_.still_to_start();
    for (const Running& one : running_) pace.running.push_back(seconds_since(one.started));
    pace.jobs = options_.jobs;
    return pace;
  }

  // The others go on, but for those that need it.
  void fail(size_t i, int code) {
    schedule_.set(i, RunState::failed);
    worst_ = std::max(worst_, code == kExitUser ? 0 : 1);
    const std::string how =
        code == kExitInterrupted ? std::string("was interrupted by hand, and goes on next time")
        : code > 128             ? fmt::format("was ended by signal {}", code - 128)
                     : fmt::format("ended with exit code {}: {}", code, last_line(log_path(i)));
    failures_.push_back(fmt::format("{} {} (all of it: {})", plan_.runs[i].folder.string(), how,
                                    log_path(i).string()));
    log_info("{} failed; the others go on", plan_.runs[i].folder.string());
  }

  [[noreturn]] void report_failures() const {
    const std::string text =
        fmt::format("{} of {} runs finished; {}", finished(), plan_.runs.size(),
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
                                  finished(), plan_.runs.size()));
  }

  const StudyPlan& plan_;
  const StudyOptions& options_;
  File lock_;
  ResultsFile results_;
  RunSchedule schedule_;
  std::string verb_;
  GpuShare gpus_;
  std::list<Running> running_;
  StudyPace pace_;  // of what is trained
  int64_t threads_ = at::get_num_threads();
  bool stopping_ = false;  // how a run ends is no failure then
  std::vector<std::string> failures_;
  int worst_ = 0;  // 1: not all of them can be mended by the user
};

}  // namespace

std::vector<StudyRow> run_study(const StudyPlan& plan, const StudyOptions& options) {
  return Runner(plan, options).run();
}

std::vector<int64_t> seeds_with_results(const fs::path& out) {
  std::error_code none;
  if (!fs::exists(results_path(out), none)) return {};
  std::set<int64_t> seeds;
  for (const StudyRow& row : read_rows(results_path(out))) seeds.insert(row.seed);
  return {seeds.begin(), seeds.end()};
}

}  // namespace moestro
