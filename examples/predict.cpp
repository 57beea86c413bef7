// Loads a trained run and asks it what a few test samples are, and which expert says so:
//
//   predict runs/mnist [DATA]
//
// DATA: a set's name or a path; without it, the run's own test rows.
#include <cmath>
#include <cstdio>
#include <exception>

#include "moestro/core/error.h"
#include "moestro/lifecycle/trained_run.h"

namespace {

constexpr int64_t kShown = 10;

void predict(const std::string& folder, const std::string& data) {
  const moestro::TrainedRun run(folder);
  const moestro::Dataset rows = run.rows(data, "", moestro::Targets::optional);
  const moestro::Evaluation answers = run.evaluate(rows);
  const auto [share_N, expert_N] = answers.probs_NE.max(1);
  for (int64_t n = 0; n < std::min(kShown, rows.rows()); ++n) {
    const double answer = answers.predicted_N[n].item<double>();
    const std::string text = run.data().classes > 0
                                 ? run.data().class_names[static_cast<size_t>(answer)]
                                 : fmt::format("{:.4g}", answer);
    std::printf("row %ld: %s, by expert %ld (%.0f %% of the gate)\n", static_cast<long>(n),
                text.c_str(), static_cast<long>(expert_N[n].item<int64_t>()),
                100 * share_N[n].item<double>());
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: predict RUN [DATA]\n");
    return moestro::kExitUser;
  }
  try {
    predict(argv[1], argc > 2 ? argv[2] : "");
  } catch (const moestro::UserError& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return moestro::kExitUser;
  }
}
