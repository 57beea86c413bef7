#include <cstdio>

#include "moestro/core/log.h"
#include "moestro/lifecycle/demo.h"
#include "moestro/lifecycle/speed_of_runs.h"
#include "moestro/report/run_table.h"
#include "moestro/report/speed_text.h"
#include "moestro/report/write_report.h"
#include "verb.h"

namespace moestro {
namespace {

void demo(const std::string& out, int64_t epochs, const CommonFlags& common) {
  const std::vector<std::filesystem::path> runs = run_demo({.out = out,
                                                            .data_root = common.data_root,
                                                            .device = common.device,
                                                            .threads = common.threads,
                                                            .epochs = epochs});
  const std::filesystem::path page = write_report(out);
  std::vector<RunRecord> records;
  for (const std::filesystem::path& run : runs) records.push_back(read_run(run));
  fmt::print("{}", runs_text(records, page, stdout_rules()));
  const SpeedsOfRuns speeds = speeds_of_runs({.run = runs[runs.size() - 2].string(),
                                              .beside = runs.back().string(),
                                              .data = "",
                                              .data_root = common.data_root,
                                              .device = common.device,
                                              .threads = common.threads});
  const RunRecord &mixture = records[records.size() - 2], &student = records.back();
  fmt::print("\nThe student folded from {}, beside it: test {} {}, the mixture's {}\n{}",
             mixture.name, student.error_noun(), student.error_text(student.summary->test.error),
             mixture.error_text(mixture.summary->test.error), speed_text(speeds, stdout_rules()));
}

}  // namespace

void add_demo(CLI::App& app, CommonFlags& common) {
  CLI::App* verb = add_verb(
      app, "demo",
      "one expert, the original gate and the attentive gate on Fashion-MNIST, and a dense student",
      "  moestro demo\n"
      "  moestro demo --epochs 2          a quicker look");
  auto out = std::make_shared<std::string>("runs/demo");
  auto epochs = std::make_shared<int64_t>(0);
  verb->add_option("--out", *out, "folder of the four runs; replaced if it is a demo's")
      ->capture_default_str()
      ->type_name("DIR");
  verb->add_option("--epochs", *epochs, "passes over the 60,000 images (default: 8)")
      ->check(at_least(1))
      ->type_name("N");
  add_data_root(*verb, common);
  add_compute(*verb, common);
  verb->callback([out, epochs, &common] { demo(*out, *epochs, common); });
}

}  // namespace moestro
