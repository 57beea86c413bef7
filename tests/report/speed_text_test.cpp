#include "moestro/report/speed_text.h"

#include <sstream>

#include <gtest/gtest.h>

#include "moestro/report/escape.h"

namespace moestro {
namespace {

SpeedsOfRuns mixture_alone() {
  Speed speed{.parameters = 768900, .cost = {1533000, 768900}};
  speed.latency_lower = .4321, speed.latency = .45, speed.latency_upper = .4789;
  speed.samples_a_second = 123456.7;
  speed.batch = 4096;
  speed.memory = 3'300'000;
  speed.batch_memory = 214'567'000;
  return {
      "fashion-mnist", 10000, "cpu (AMD EPYC, 2 threads)", {{"runs/mixture", "float32", speed}}};
}

SpeedsOfRuns mixture_beside_student() {
  SpeedsOfRuns speeds = mixture_alone();
  Speed speed{.parameters = 153780, .cost = {306600, 153780}};
  speed.latency_lower = .11, speed.latency = .125, speed.latency_upper = .13;
  speed.samples_a_second = 493826.8;
  speed.batch = 512;
  speed.memory = 700'000;
  speed.batch_memory = 9'000'000;
  speeds.runs.push_back({"runs/student", "float32", speed});
  return speeds;
}

TEST(SpeedText, of_a_run_has_a_line_a_figure) {
  EXPECT_EQ(speed_text(mixture_alone(), Rules::none),
            "fashion-mnist, 10,000 rows, on cpu (AMD EPYC, 2 threads)\n"
            "                        runs/mixture\n"
            "precision                    float32\n"
            "parameters                   768,900\n"
            "operations a sample        1,533,000\n"
            "weights read, batch 1        768,900\n"
            "latency, batch 1, ms            0.45\n"
            "  quartiles            0.432 – 0.479\n"
            "memory, batch 1, MB              3.3\n"
            "samples a second             123,457\n"
            "  in batches of                4,096\n"
            "  memory, MB                   214.6\n");
}

TEST(SpeedText, of_two_runs_ends_in_how_near_they_come_to_the_bounds) {
  EXPECT_EQ(speed_text(mixture_beside_student(), Rules::none),
            "fashion-mnist, 10,000 rows, on cpu (AMD EPYC, 2 threads)\n"
            "                        runs/mixture  runs/student  ratio\n"
            "precision                    float32       float32\n"
            "parameters                   768,900       153,780      5\n"
            "operations a sample        1,533,000       306,600      5\n"
            "weights read, batch 1        768,900       153,780      5\n"
            "latency, batch 1, ms            0.45         0.125    3.6\n"
            "  quartiles            0.432 – 0.479   0.11 – 0.13\n"
            "memory, batch 1, MB              3.3           0.7   4.71\n"
            "samples a second             123,457       493,827   0.25\n"
            "  in batches of                4,096           512\n"
            "  memory, MB                   214.6           9.0   23.8\n"
            "\n"
            "the faster run  bound by                   allowed  reached  of the bound\n"
            "runs/student    weights read, batch 1          5 x    3.6 x          72 %\n"
            "runs/student    operations, large batches      5 x      4 x          80 %\n");
}

TEST(SpeedText, takes_the_faster_run_whichever_comes_first) {
  SpeedsOfRuns speeds = mixture_beside_student();
  std::swap(speeds.runs[0], speeds.runs[1]);
  EXPECT_NE(speed_text(speeds, Rules::none)
                .find("runs/student    weights read, batch 1          5 x    3.6 x          72 %"),
            std::string::npos);
}

TEST(SpeedText, of_two_runs_fits_eighty_columns) {
  std::istringstream lines(speed_text(mixture_beside_student(), Rules::lines));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(display_width(line), 80) << line;
}

}  // namespace
}  // namespace moestro
