#include <cstdio>

#include <nlohmann/json.hpp>

#include "moestro/core/log.h"
#include "moestro/report/study_page.h"
#include "moestro/report/study_tables.h"
#include "moestro/store/atomic_file.h"
#include "moestro/study/analysis_json.h"
#include "moestro/study/run_study.h"
#include "verb.h"

namespace moestro {
namespace {

struct StudyFlags {
  std::string file, out, results;
  std::vector<std::string> assignments;
  int64_t jobs = 1, seeds = 0;
  bool quick = false, markdown = false;
};

PlanOptions plan_options(const StudyFlags& flags, const CommonFlags& common,
                         const std::filesystem::path& out) {
  PlanOptions options;
  if (flags.quick) options = quick_plan();
  if (flags.seeds > 0) options.seeds = flags.seeds;
  for (Assignment& assignment : assignments_of(flags.assignments, common))
    options.assignments.push_back(std::move(assignment));
  if (flags.results.empty()) options.further_seeds = seeds_with_results(out);
  return options;
}

void print(const Analysis& analysis, const StudyFlags& flags, const CommonFlags& common) {
  if (common.json)
    fmt::print("{}\n", to_json(analysis).dump(2));
  else if (flags.markdown)
    fmt::print("{}", study_markdown(analysis));
  else
    fmt::print("{}", study_text(analysis, stdout_rules()));
}

void study(const StudyFlags& flags, const CommonFlags& common) {
  const std::string name = std::filesystem::path(flags.file).stem().string();
  StudyOptions options;
  options.out = flags.out.empty()
                    ? std::filesystem::path("runs") / (name + (flags.quick ? "-quick" : ""))
                    : std::filesystem::path(flags.out);
  options.program = std::filesystem::canonical("/proc/self/exe");
  options.jobs = flags.jobs;
  options.data_root = common.data_root;

  const StudyPlan plan =
      plan_study(flags.file, options.out, plan_options(flags, common, options.out));
  const std::vector<StudyRow> rows =
      flags.results.empty() ? run_study(plan, options) : read_rows(flags.results);
  const Analysis analysis = analyse(plan, rows);
  print(analysis, flags, common);
  if (!flags.results.empty()) return;
  const std::filesystem::path page = options.out / "report.html";
  write_atomically(page, study_page(analysis));
  log_info("report: {}", page.string());
}

}  // namespace

void add_study(CLI::App& app, CommonFlags& common) {
  CLI::App* verb = add_verb(
      app, "study", "train arms x seeds, and compare them",
      "  moestro study experiments/specialisation/mnist.toml --jobs 2\n"
      "  moestro study STUDY --quick                 two seeds, few steps: does it run at all?\n"
      "  moestro study STUDY --results stored.csv    the tables of stored results, nothing "
      "trained\n"
      "A recipe with [stream] is trained as by moestro continual, others as by moestro train.\n"
      "A study that was stopped goes on with the same command.");
  auto flags = std::make_shared<StudyFlags>();
  add_argument(*verb, "STUDY", flags->file,
               "a recipe, of train or continual, with a section [study]");
  verb->add_option("--jobs", flags->jobs,
                   "runs at once; the CPU's threads are divided among them unless --threads says "
                   "otherwise, and "
                   "several GPUs are shared out")
      ->check(at_least(1))
      ->type_name("N");
  verb->add_option("--seeds", flags->seeds, "instead of study.seeds")
      ->check(at_least(1))
      ->type_name("N");
  add_set(*verb, flags->assignments, "change a key in every arm");
  verb->add_option("--out", flags->out, "the study's folder (default: runs/NAME)")
      ->type_name("DIR");
  verb->add_flag("--quick", flags->quick,
                 "2 seeds of 1 epoch, or 6 steps of each task, in runs/NAME-quick");
  add_data_root(*verb, common);
  add_device(*verb, common);
  add_threads(*verb, common, "CPU threads of each run (default: as the recipe says)");
  CLI::Option* results =
      verb->add_option("--results", flags->results, "analyse these results.csv; train nothing")
          ->type_name("FILE");
  for (const char* training :
       {"--jobs", "--out", "--quick", "--data-root", "--device", "--threads"})
    results->excludes(training);
  add_json(*verb, common);
  verb->add_flag("--markdown", flags->markdown, "print the tables as Markdown")->excludes("--json");
  verb->callback([flags, &common] { study(*flags, common); });
}

}  // namespace moestro
