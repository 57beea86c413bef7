// Loads a trained run and asks it what a few test samples are (and, of a mixture of whole networks,
// which expert says so), or what its translator makes of a few sentences:
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

void translate(const moestro::Responder& responder, const moestro::Dataset& rows) {
  const std::vector<std::string> translations = responder.translate(rows);
  for (size_t n = 0; n < std::min<size_t>(kShown, translations.size()); ++n)
    std::printf("%s\n  %s\n", rows.texts[n].c_str(), translations[n].c_str());
}

void predict(const std::string& folder, const std::string& data) {
  const moestro::TrainedRun run(folder);
  const moestro::Dataset rows = run.rows(data, "", moestro::Targets::optional);
  if (run.responder().translates()) return translate(run.responder(), rows);
  const moestro::Evaluation answers = run.evaluate(rows);
  for (int64_t n = 0; n < std::min(kShown, rows.rows()); ++n) {
    const double answer = answers.predicted_N[n].item<double>();
    const std::string text = run.data().classes > 0
                                 ? run.data().class_names[static_cast<size_t>(answer)]
                                 : fmt::format("{:.4g}", answer);
    std::printf("row %ld: %s", static_cast<long>(n), text.c_str());
    if (answers.of_mixture()) {
      const auto [share, expert] = answers.probs_NE[n].max(0);
      std::printf(", by expert %ld (%.0f %% of the gate)",
                  static_cast<long>(expert.item<int64_t>()), 100 * share.item<double>());
    }
    std::printf("\n");
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
