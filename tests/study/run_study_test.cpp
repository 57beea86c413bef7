#include "moestro/study/run_study.h"

#include "moestro/core/error.h"
#include "study/study_fixture.h"
#include "thrown.h"

namespace moestro {
namespace {

namespace fs = std::filesystem;
using testing::put;
using testing::thrown;

const std::string kTwoArms = "a = []\nb = [\"expert.count=3\"]\n";
const std::string kChild = "b = [\"start.run={a}\", \"start.gate=copy\"]\na = []\n";

using RunStudy = testing::StubbedStudy;

TEST_F(RunStudy, trains_seed_by_seed_and_keeps_rows_by_arm) {
  const std::vector<StudyRow> rows = run(plan(kTwoArms));
  EXPECT_EQ(events(), (std::vector<std::string>{"start a-0", "end a-0", "start b-0", "end b-0",
                                                "start a-1", "end a-1", "start b-1", "end b-1"}));
  EXPECT_EQ(stored(), "a-0 a-1 b-0 b-1");
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(rows[3].figure("test.error"), .25);
  EXPECT_EQ(rows[3].device, "stub");
}

TEST_F(RunStudy, trains_what_an_arm_needs_first) {
  run(plan(kChild));
  EXPECT_EQ(events()[0], "start a-0");
  EXPECT_EQ(events()[2], "start b-0");
}

TEST_F(RunStudy, runs_as_many_at_once_as_it_may) {
  // The first two wait for each other, so that they are seen to run at once.
  put_program(R"(
case $name in a-0) other=b-0 ;; b-0) other=a-0 ;; *) other=$name ;; esac
i=0
while ! grep -q "start $other" "$events"; do
  [ $i -lt 6000 ] || exit 3
  sleep .01; i=$((i + 1))
done
)");
  run(plan(kTwoArms), 2);
  int64_t running = 0, most = 0;
  for (const std::string& event : events()) {
    running += event.starts_with("start") ? 1 : -1;
    most = std::max(most, running);
  }
  EXPECT_EQ(most, 2);
  EXPECT_EQ(stored(), "a-0 a-1 b-0 b-1");
}

TEST_F(RunStudy, a_run_that_fails_stops_only_those_that_need_it) {
  put_program("[ $name != a-0 ] || { echo 'error: not today' >&2; exit 2; }\n");
  const std::string text = thrown<UserError>([&] { run(plan(kChild)); });
  EXPECT_EQ(text, fmt::format("2 of 4 runs finished; {0}/runs/a-0 ended with exit code 2: error: "
                              "not today (all of it: {0}/logs/a-0.log)",
                              out_.string()));
  EXPECT_FALSE(happened("start b-0"));
  EXPECT_EQ(stored(), "b-1 a-1");
}

TEST_F(RunStudy, several_failures_are_counted_and_one_may_be_beyond_the_user) {
  put_program("[ $name != a-0 ] || exit 2\n[ $name != b-1 ] || kill -KILL $$\n");
  EXPECT_TRUE(thrown<SystemError>([&] {
                run(plan(kTwoArms));
              }).starts_with("2 of 4 runs finished; 2 failed, first "));
}

TEST_F(RunStudy, a_log_that_cannot_be_opened_does_not_hide_the_failure) {
  fs::create_directories(out_ / "logs" / "a-0.log");
  const std::string text = thrown<SystemError>([&] { run(plan(kTwoArms)); });
  EXPECT_NE(text.find("3 of 4 runs finished"), std::string::npos) << text;
  EXPECT_NE(text.find("a-0 ended with exit code 127: "), std::string::npos) << text;
}

TEST_F(RunStudy, asked_to_stop_it_stops_its_runs_and_starts_no_other) {
  put_program(R"(
if [ $name = b-0 ]; then
  trap 'echo "stopped $name" >> "$events"; exit 130' TERM
  kill -TERM $PPID
  while :; do sleep .01; done
fi
)");
  EXPECT_EQ(thrown<Interrupted>([&] { run(plan(kTwoArms)); }),
            "stopped with 1 of 4 runs finished; the same command goes on");
  EXPECT_EQ(events().back(), "stopped b-0");
  put_program("");
  EXPECT_EQ(run(plan(kTwoArms)).size(), 4u);
  EXPECT_EQ(std::ranges::count(events(), "start a-0"), 1);
}

TEST_F(RunStudy, keeps_the_rows_of_further_seeds) {
  run(plan(kTwoArms));
  const PlanOptions one_seed = {.seeds = 1, .further_seeds = seeds_with_results(out_)};
  EXPECT_EQ(one_seed.further_seeds, (std::vector<int64_t>{0, 1}));
  EXPECT_EQ(run(plan(kTwoArms, one_seed)).size(), 4u);
  EXPECT_EQ(stored(), "a-0 a-1 b-0 b-1");
  // And of seeds before the first one that is planned.
  const PlanOptions another = {
      .assignments = {{"study.first_seed=2"}}, .seeds = 1, .further_seeds = {0, 1}};
  run(plan(kTwoArms, another));
  EXPECT_EQ(stored(), "a-0 a-1 a-2 b-0 b-1 b-2");
}

TEST_F(RunStudy, rows_of_further_seeds_are_of_the_same_recipes) {
  run(plan(kTwoArms));
  const PlanOptions changed = {.assignments = {{"study.first_seed=2"}, {"train.rate=0.03"}},
                               .seeds = 1,
                               .further_seeds = seeds_with_results(out_)};
  EXPECT_NE(thrown<UserError>([&] {
              run(plan(kTwoArms, changed));
            }).find("a-0: the run there has another recipe than arm \"a\" has now"),
            std::string::npos);
  fs::remove_all(out_ / "runs" / "b-1");
  run(plan(kTwoArms, {.seeds = 1, .further_seeds = seeds_with_results(out_)}));
  EXPECT_EQ(stored(), "a-0 a-1 b-0");
}

TEST_F(RunStudy, a_student_of_a_run_that_was_trained_again_is_refused) {
  const StudyPlan made = plan(kChild, {.seeds = 1});
  put_run(made.runs[0], "2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z");
  put_run(made.runs[1], "2026-01-01T01:00:00Z", "2026-01-01T02:00:00Z");
  EXPECT_EQ(run(made).size(), 2u);
  put_manifest(made.runs[0].folder, "2026-01-01T03:00:00Z", "2026-01-01T04:00:00Z");
  EXPECT_EQ(thrown<UserError>([&] { run(made); }),
            fmt::format("{0}/runs/b-0: was started from {0}/runs/a-0, which is gone or was trained "
                        "again since; expected that folder gone too",
                        out_.string()));
  EXPECT_TRUE(events().empty());
}

TEST_F(RunStudy, a_student_of_a_run_outside_that_was_trained_again_is_refused) {
  const fs::path teacher = folder_ / "teacher";
  const StudyPlan made =
      plan(fmt::format("a = []\nb = [\"start.run={}\", \"start.gate=copy\"]\n", teacher.string()),
           {.seeds = 1});
  put_run(made.runs[0], "2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z");
  put_run(made.runs[1], "2026-01-01T01:00:00Z", "2026-01-01T02:00:00Z");
  EXPECT_EQ(run(made).size(), 2u);  // it may be gone by now
  put_manifest(teacher, "2026-01-01T00:00:00Z", "2026-01-01T00:30:00Z");
  EXPECT_EQ(run(made).size(), 2u);
  for (const char* finished : {"2026-01-01T01:30:00Z", ""}) {
    put_manifest(teacher, "2026-01-01T00:00:00Z", finished);
    EXPECT_EQ(thrown<UserError>([&] { run(made); }),
              fmt::format("{}/runs/b-0: was started from {}, which was trained again since; "
                          "expected the folder of what was started from it gone",
                          out_.string(), teacher.string()));
  }
}

TEST_F(RunStudy, a_folder_without_results_has_no_seeds) {
  EXPECT_EQ(seeds_with_results(folder_ / "none"), std::vector<int64_t>{});
}

}  // namespace
}  // namespace moestro
