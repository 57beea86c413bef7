#include "moestro/report/run_page.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "moestro/core/progress.h"
#include "moestro/report/escape.h"
#include "moestro/report/expert_cards.h"
#include "moestro/report/finding.h"
#include "moestro/report/format.h"
#include "moestro/report/layer_section.h"
#include "moestro/report/page.h"
#include "moestro/report/probing_section.h"
#include "moestro/report/recipe_text.h"
#include "moestro/report/sample_images.h"
#include "moestro/report/score_tiles.h"
#include "moestro/report/split_figures.h"
#include "moestro/report/student_section.h"
#include "moestro/report/training_figures.h"

namespace moestro {
namespace {

using Facts = std::vector<std::pair<std::string, std::string>>;

std::string data_name(const RunRecord& run) {
  if (run.summary && !run.summary->data.empty()) return run.summary->data;
  return recipe_value(run.recipe, "data.name");
}

std::string notice(RunStatus status) {
  switch (status) {
    case RunStatus::finished:
      return {};
    case RunStatus::running:
      return "<p class=\"notice\">This run is still in training, or was killed: the page shows "
             "what "
             "its folder holds so far.</p>\n";
    case RunStatus::interrupted:
      return "<p class=\"notice\">This run was interrupted and saved: <code>--resume</code> goes "
             "on "
             "with it.</p>\n";
    case RunStatus::failed:
      return "<p class=\"notice\">This run failed: the page shows what there was until "
             "then.</p>\n";
  }
  return {};
}

std::string header(const RunRecord& run) {
  const std::string data = data_name(run);
  return fmt::format("<header>\n<h1>{}{}</h1>\n<p class=\"finding\">{}</p>\n{}{}</header>\n",
                     escape_html(run.name), data.empty() ? "" : " · " + escape_html(data),
                     prose_html(finding(run)), notice(run.manifest.status), score_tiles(run));
}

std::string specialisation_section(const RunRecord& run) {
  if (!run.inspection) return {};
  if (run.inspection->experts == 0) return layer_section(*run.inspection);
  if (run.inspection->experts == 1)
    return section_html("Samples of the test set", sample_images(run, 0));
  return section_html("What each expert learned", expert_cards(run)) +
         section_html("How the work is split", figures_html(split_figures(*run.inspection))) +
         probing_section(*run.inspection);
}

bool knows_gates(const MetricsRecord& metrics) {
  return std::any_of(metrics.steps.begin(), metrics.steps.end(),
                     [](const StepRecord& step) { return std::isfinite(step.gate_entropy); });
}

std::string training_section(const RunRecord& run) {
  std::string content = figures_html(learning_figures(run) + gate_figures(run));
  const std::string more = figures_html(diagnostic_figures(run));
  if (!more.empty())
    content += fmt::format(
        "<details>\n<summary>More curves: terms of the loss, learning rate, gradient{}</summary>\n"
        "{}</details>\n",
        knows_gates(run.metrics) ? ", scores of the gate" : "", more);
  return section_html("How it trained", content);
}

void add_score(Facts& facts, const std::string& name, const std::string& text) {
  if (text != "–") facts.emplace_back(name, text);
}

Facts scores_of(const RunRecord& run) {
  Facts facts;
  if (!run.summary) return facts;
  const SummaryRecord& summary = *run.summary;
  const bool translation = run.task() == Task::translation;
  if (translation) {
    add_score(facts, "BLEU", fixed_text(summary.bleu));
    add_score(facts, "BLEU without regard to case", fixed_text(summary.bleu_lowercase));
  } else {
    add_score(facts, "Test error", run.error_text(summary.test.error));
  }
  add_score(facts, "Test loss", value_text(summary.test.loss));
  add_score(facts, translation ? "Wrong tokens, validation" : "Validation error",
            run.error_text(summary.valid.error));
  add_score(facts, "Validation loss", value_text(summary.valid.loss));
  if (run.experts() > 1)
    add_score(facts, "Error with the chosen expert alone", percent_text(summary.hard_top1_error));
  if (run.inspection && run.experts() > 1) {
    add_score(facts, "Error if the gate always picked a right expert",
              percent_text(1 - run.inspection->oracle_accuracy));
    add_score(facts, "Errors that some expert had right",
              percent_text(run.inspection->rescuable_errors, 1));
  }
  add_score(facts, "Calibration error", percent_text(summary.calibration_error));
  if (summary.specialisation)
    add_score(facts, "I(E;Y) with the predicted class, bits",
              fixed_text(summary.specialisation->mutual_information_predicted));
  facts.emplace_back("Parameters", count_text(summary.parameters));
  return facts;
}

Facts circumstances_of(const RunRecord& run) {
  const Manifest& manifest = run.manifest;
  Facts facts = {{"Data", data_name(run)},
                 {"Digest of the data", manifest.data_digest},
                 {"Digest of the mixture's weights", manifest.teacher_digest},
                 {"Seed", std::to_string(manifest.seed)},
                 {"Device", manifest.device},
                 {"Threads", std::to_string(manifest.threads)},
                 {"Status", std::string(run_status_name(manifest.status))},
                 {"Started", manifest.started},
                 {"Ended", manifest.finished}};
  if (run.summary) {
    facts.emplace_back("Training time", duration_text(run.summary->seconds));
    facts.emplace_back("Epochs, steps", fmt::format("{}, {}", count_text(run.summary->epochs),
                                                    count_text(run.summary->steps)));
  }
  facts.emplace_back("Moestro", manifest.version);
  return facts;
}

std::string facts_table(const Facts& facts) {
  std::string rows;
  for (const auto& [name, value] : facts)
    if (!value.empty())
      rows += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", escape_html(name),
                          escape_html(value));
  return rows.empty() ? "" : "<table class=\"facts\">\n" + rows + "</table>\n";
}

std::string facts_section(const RunRecord& run) {
  const std::string recipe = fmt::format(
      "<details>\n<summary>recipe.toml: the whole configuration</summary>\n"
      "<pre>{}</pre>\n</details>\n",
      escape_html(run.recipe));
  return section_html(
      "The run",
      figures_html(facts_table(scores_of(run)) + facts_table(circumstances_of(run))) + recipe);
}

}  // namespace

std::string run_page(const RunRecord& run) {
  return page_html(run.name + " · Moestro", header(run) + student_section(run) +
                                                specialisation_section(run) +
                                                training_section(run) + facts_section(run));
}

}  // namespace moestro
