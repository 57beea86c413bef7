#include "stream_answers.h"

#include <fmt/format.h>

#include "moestro/store/atomic_file.h"
#include "moestro/store/csv_cell.h"
#include "moestro/store/safetensors.h"

namespace moestro {
namespace {

std::string as_csv(const StreamAnswers& answers, const std::vector<StreamTask>& tasks) {
  std::string text = "row,prediction,probability,task,encoder\n";
  const auto [prob_N, class_N] = answers.probs_NC.max(1);
  for (int64_t n = 0; n < class_N.size(0); ++n) {
    const StreamTask& task = tasks[answers.task_N[n].item<int64_t>()];
    text += fmt::format("{},{},{:.6g},{},{}\n", n,
                        csv_cell(task.class_names[class_N[n].item<int64_t>()]),
                        prob_N[n].item<double>(), csv_cell(task.name),
                        answers.adapted_N[n].item<bool>() ? "adapted" : "untouched");
  }
  return text;
}

}  // namespace

void write_answers(const std::filesystem::path& path, const StreamAnswers& answers,
                   const std::vector<StreamTask>& tasks) {
  if (path.extension() == ".csv")
    write_atomically(path, as_csv(answers, tasks));
  else
    write_safetensors(path, {{"predicted", answers.probs_NC.argmax(1)},
                             {"probabilities", answers.probs_NC},
                             {"task", answers.task_N},
                             {"adapted", answers.adapted_N}});
}

}  // namespace moestro
