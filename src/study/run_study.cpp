#include "moestro/study/run_study.h"

#include <algorithm>
#include <chrono>
#include <list>
#include <thread>

#include "moestro/core/error.h"
#include "moestro/core/interrupt.h"
#include "moestro/core/log.h"
#include "moestro/core/progress.h"
#include "moestro/store/atomic_file.h"
#include "moestro/store/run_folder.h"
#include "process.h"

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

class Runner {
 public:
  Runner(const StudyPlan& plan, const StudyOptions& options)
      : plan_(plan), options_(options), rows_(plan.runs.size()), state_(plan.runs.size()) {}

  std::vector<StudyRow> run() {
    find_finished();
    for (const char* folder : {"runs", "recipes", "logs"})
      fs::create_directories(options_.out / folder);
    const InterruptHandlers handlers;
    started_ = Clock::now();
    if (finished_ > 0) log_info("{} of {} runs are there already", finished_, plan_.runs.size());
    while (finished_ < plan_.runs.size() || !running_.empty()) {
      if (interrupt_requested()) stop();
      if (failure_.empty()) start_what_can();
      if (running_.empty()) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      collect();
    }
    if (!failure_.empty()) throw UserError("{}", failure_);
    return stored();
  }

 private:
  enum class State { waiting, running, finished };
  struct Running {
    size_t run;
    Process process;
    Clock::time_point started;
  };

  fs::path recipe_path(const PlannedRun& run) const {
    return options_.out / "recipes" / (run.folder.filename().string() + ".toml");
  }
  fs::path log_path(const PlannedRun& run) const {
    return options_.out / "logs" / (run.folder.filename().string() + ".log");
  }

  // Nothing is touched before every folder is known to hold the run that is planned.
  void find_finished() {
    for (size_t i = 0; i < plan_.runs.size(); ++i) {
      const PlannedRun& run = plan_.runs[i];
      if (!is_run_folder(run.folder)) continue;
      const RunFolder folder = RunFolder::open(run.folder);
      if (folder.has_recipe() && read_file(folder.recipe_path()) != run.recipe)
        throw UserError(
            "{}: the run there has another recipe than arm \"{}\" has now; expected the same, "
            "another --out, or that folder gone",
            run.folder.string(), run.arm);
      if (folder.is_finished()) finish(i);
    }
    if (finished_ > 0) write_rows(options_.out / "results.csv", stored());
  }

  void finish(size_t i) {
    rows_[i] = read_row(plan_.runs[i]);
    state_[i] = State::finished;
    ++finished_;
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
    for (size_t i = 0;
         i < plan_.runs.size() && static_cast<int64_t>(running_.size()) < options_.jobs; ++i) {
      const bool ready = std::ranges::all_of(
          plan_.runs[i].needs, [&](size_t need) { return state_[need] == State::finished; });
      if (state_[i] == State::waiting && ready) start(i);
    }
  }

  void start(size_t i) {
    const PlannedRun& run = plan_.runs[i];
    write_atomically(recipe_path(run), run.recipe);
    std::vector<std::string> command = {options_.program.string(),
                                        "train",
                                        recipe_path(run),
                                        "--out",
                                        run.folder,
                                        "--resume",
                                        "--quiet"};
    command.insert(command.end(), options_.train_flags.begin(), options_.train_flags.end());
    // As the environment says it: train.threads is part of the recipe, and --jobs may change.
    const auto threads = std::max<int64_t>(
        1, std::thread::hardware_concurrency() / std::max<int64_t>(1, options_.jobs));
    std::vector<std::string> environment;
    if (options_.jobs > 1)
      environment = {fmt::format("OMP_NUM_THREADS={}", threads), "OMP_WAIT_POLICY=PASSIVE"};
    running_.push_back({i, Process(command, environment, log_path(run)), Clock::now()});
    state_[i] = State::running;
  }

  void collect() {
    for (auto one = running_.begin(); one != running_.end();) {
      const std::optional<int> code = one->process.exit_code();
      if (code && *code == kExitOk)
        report(one->run, seconds_since(one->started));
      else if (code && !interrupt_requested())
        fail(one->run, *code);
      one = code ? running_.erase(one) : std::next(one);
    }
  }

  void report(size_t i, double seconds) {
    finish(i);
    ++trained_;
    write_rows(options_.out / "results.csv", stored());
    const auto left = static_cast<double>(plan_.runs.size() - finished_);
    const double each = seconds_since(started_) / static_cast<double>(trained_);
    log_info("{}/{} {}, seed {}: {} {:.4f}, {}{}", finished_, plan_.runs.size(), plan_.runs[i].arm,
             plan_.runs[i].seed, plan_.study.metric, rows_[i].figure(plan_.study.metric),
             duration_text(seconds),
             left > 0 ? fmt::format("; about {} left", duration_text(left * each)) : "");
  }

  void fail(size_t i, int code) {
    const PlannedRun& run = plan_.runs[i];
    failure_ = fmt::format("{} ended with exit code {}: {} (all of it: {})", run.folder.string(),
                           code, last_line(log_path(run)), log_path(run).string());
    if (running_.size() > 1) log_info("one run failed; the others at work are finished first");
  }

  [[noreturn]] void stop() {
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
  std::vector<StudyRow> rows_;
  std::vector<State> state_;
  std::list<Running> running_;
  size_t finished_ = 0, trained_ = 0;
  Clock::time_point started_;
  std::string failure_;
};

}  // namespace

std::vector<StudyRow> run_study(const StudyPlan& plan, const StudyOptions& options) {
  return Runner(plan, options).run();
}

}  // namespace moestro
