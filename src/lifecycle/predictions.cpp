#include "moestro/lifecycle/predictions.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include <ATen/Functions.h>

#include "moestro/core/error.h"
#include "moestro/store/atomic_file.h"
#include "moestro/store/csv_cell.h"
#include "moestro/store/safetensors.h"

namespace moestro {
namespace {

std::string as_csv(const Evaluation& evaluation, const DataRecord& data) {
  const bool classes = data.classes > 0, mixture = evaluation.of_mixture();
  std::string text = fmt::format("row,prediction{}{}\n", classes ? ",probability" : "",
                                 mixture ? ",expert,gate" : "");
  Tensor gate_N, expert_N;
  if (mixture) std::tie(gate_N, expert_N) = evaluation.probs_NE.max(1);
  for (int64_t n = 0; n < evaluation.predicted_N.size(0); ++n) {
    if (classes) {
      const auto label = evaluation.predicted_N[n].item<int64_t>();
      text += fmt::format("{},{},{:.6g}", n, csv_cell(data.class_names[label]),
                          std::exp(evaluation.mixed_NC[n][label].item<double>()));
    } else {
      text += fmt::format("{},{:.9g}", n, evaluation.predicted_N[n].item<double>());
    }
    if (mixture)
      text += fmt::format(",{},{:.6g}", expert_N[n].item<int64_t>(), gate_N[n].item<double>());
    text += '\n';
  }
  return text;
}

}  // namespace

void check_predictions_name(const std::filesystem::path& path, bool translations) {
  const std::filesystem::path ending = path.extension();
  if (translations && ending != ".txt")
    throw UserError("{}: unknown kind of file; expected a name that ends in .txt, for translations",
                    path.string());
  if (!translations && ending != ".csv" && ending != ".safetensors")
    throw UserError("{}: unknown kind of file; expected a name that ends in .csv or .safetensors",
                    path.string());
}

void write_translations(const std::filesystem::path& path,
                        const std::vector<std::string>& translations) {
  std::string lines;
  for (std::string line : translations) {
    std::ranges::replace_if(
        line, [](char c) { return c == '\n' || c == '\r'; }, ' ');
    lines += line + '\n';
  }
  write_atomically(path, lines);
}

void check_can_predict(const Recipe& recipe) {
  if (recipe.gate.kind == "classes")
    throw UserError(
        "the gate of this run is told the class of every row (gate.kind = \"classes\") and cannot "
        "predict it; expected a run whose gate decides by itself");
}

void write_predictions(const std::filesystem::path& path, const Evaluation& evaluation,
                       const DataRecord& data) {
  check_predictions_name(path);
  if (path.extension() == ".csv") {
    write_atomically(path, as_csv(evaluation, data));
    return;
  }
  NamedTensors tensors = {{"predicted", evaluation.predicted_N}};
  if (evaluation.of_mixture()) tensors.emplace_back("gate", evaluation.probs_NE);
  if (data.classes > 0) tensors.emplace_back("probabilities", evaluation.mixed_NC.exp());
  write_safetensors(path, tensors);
}

}  // namespace moestro
