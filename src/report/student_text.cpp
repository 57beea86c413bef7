#include "moestro/report/student_text.h"

#include <cmath>
#include <cstdlib>

#include <fmt/format.h>

#include "moestro/report/folded_text.h"
#include "moestro/report/format.h"
#include "moestro/report/recipe_text.h"
#include "moestro/report/student_scores.h"
#include "moestro/report/wrapped.h"

namespace moestro {
namespace {

// NaN where the recipe does not have it.
double recipe_number(const RunRecord& run, const std::string& key) {
  const std::string text = recipe_value(run.recipe, key);
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  return end == text.c_str() ? kNotKnown : value;
}

std::string strength_of(const RunRecord& run) {
  const std::string ranking = recipe_value(run.recipe, "student.ranking");
  if (ranking == "norms") return "by the weights into and out of them";
  if (ranking == "activation") return "by their weights and how active they are";
  return "by the weights into them";
}

// "their tensors were added up": what was done with "the experts".
std::string gathering_of(const RunRecord& run) {
  const std::string& gather = run.summary->student->gather;
  if (gather == "topk")
    return fmt::format("of their hidden units the strongest, {}, stand side by side",
                       strength_of(run));
  if (gather == "concat") return "those used most stand side by side";
  if (gather == "svd")
    return fmt::format(
        "their matrices, each cut to its largest singular directions, were {}",
        recipe_value(run.recipe, "student.mean") == "true" ? "averaged" : "added up");
  if (gather == "sum") return "their tensors were added up";
  if (gather == "average") return "their tensors were averaged";
  if (gather == "best") return "the one whose answers come nearest to the mixture's stands for all";
  if (gather == "random_expert") return "one taken at random stands for all";
  if (gather == "random_init") return "new weights were drawn in their place";
  return "they were gathered by \"" + gather + "\"";
}

std::string experts_of(const RunRecord& run) {
  const int64_t experts = run.summary->student->experts();
  const std::string number = experts > 0 ? number_word(experts) + " " : "";
  if (run.is_transformer())
    return fmt::format("The {}experts of each mixture layer became one dense layer", number);
  return fmt::format("The {}experts became one network", number);
}

std::string fit_of(const RunRecord& run) {
  const std::string& fit = run.summary->student->fit;
  const std::string whose = run.is_transformer() ? "each layer" : "the network";
  if (fit == "scale")
    return fmt::format(
        " One factor then brought the output of {} as near to the mixture's as it gets.", whose);
  if (fit == "linear")
    return fmt::format(
        " The last weights of {} were then fitted to the mixture's output in closed form.", whose);
  return {};
}

std::string teaching_of(double distillation, double temperature) {
  std::string text = fmt::format("the mixture's answers (weight {}", value_text(distillation));
  if (std::isfinite(temperature) && temperature != 1)
    text += fmt::format(", both softened by a temperature of {}", value_text(temperature));
  return text + ")";
}

}  // namespace

std::string origin_text(const StudentRecord& student) {
  return student.gather == "none" ? "Taught by the mixture" : "Folded from the mixture";
}

std::string seconds_text(const StudentRecord& student) {
  if (!std::isfinite(student.fold_seconds) || student.gather == "none") return {};
  return fmt::format(" in {} s", value_text(student.fold_seconds, 2));
}

std::string folding_text(const RunRecord& run) {
  const StudentRecord& student = *run.summary->student;
  if (student.gather == "none")
    return "All its weights were drawn anew: of the mixture it has nothing but what it was taught.";
  std::string text = experts_of(run) + ": " + gathering_of(run);
  if (student.aligned) text += ", after their hidden units had been brought into one order";
  text += run.is_transformer() ? ". Gates were dropped, and all the rest was copied."
                               : ". The gate was dropped.";
  return text + fit_of(run);
}

std::string distillation_text(const RunRecord& run) {
  const int64_t epochs = run.summary->epochs;
  if (epochs == 0) return "It was not trained since.";
  const double task = recipe_number(run, "loss.task");
  const double distillation = recipe_number(run, "loss.distillation");
  const std::string begin =
      fmt::format("It then learned for {} from ", counted(number_word(epochs), epochs, "epoch"));
  if (!(distillation > 0)) return begin + "the labels alone.";
  const std::string teaching =
      teaching_of(distillation, recipe_number(run, "loss.distillation_temperature"));
  if (task == 0) return begin + teaching + " alone.";
  const std::string labels = run.has_classes() ? "the labels" : "the targets";
  const std::string weight =
      std::isfinite(task) ? fmt::format(" (weight {})", value_text(task)) : std::string();
  return fmt::format("{}{}{} and from {}.", begin, labels, weight, teaching);
}

std::string size_text(const RunRecord& run) {
  const int64_t before = run.summary->student->teacher_parameters, now = run.summary->parameters;
  if (before <= 0 || now <= 0) return {};
  return fmt::format("{} parameters in place of {}: {} of them.", count_text(now),
                     count_text(before),
                     percent_text(static_cast<double>(now) / static_cast<double>(before), 1));
}

std::string student_text(const RunRecord& run, Rules rules) {
  const StudentRecord& student = *run.summary->student;
  std::string text = wrapped(fmt::format("{} {}{}. {} {} {}", origin_text(student), student.teacher,
                                         seconds_text(student), folding_text(run),
                                         distillation_text(run), size_text(run)));
  const NotedTable scores = student_scores(run);
  if (!scores.rows.empty()) text += "\n" + table_text(scores, rules);
  const std::string kept = folded_text(student.layers, rules);
  return text + (kept.empty() ? "" : "\n" + kept);
}

}  // namespace moestro
