#include "moestro/report/training_figures.h"

#include <gtest/gtest.h>

namespace moestro {
namespace {

EpochRecord epoch(int64_t number, int64_t step, double error) {
  EpochRecord record;
  record.epoch = number;
  record.step = step;
  record.train = {error, error};
  return record;
}

TEST(TimeAxis, counts_epochs_once_one_has_ended) {
  MetricsRecord metrics;
  EXPECT_EQ(TimeAxis(metrics).label, "step");
  EXPECT_EQ(TimeAxis(metrics).place(30), 30);
  metrics.epochs = {epoch(1, 20, .3), epoch(2, 40, .2)};
  EXPECT_EQ(TimeAxis(metrics).label, "epoch");
  EXPECT_EQ(TimeAxis(metrics).place(30), 1.5);
}

TEST(LearningFigures, without_held_out_data_say_so_in_their_title) {
  RunRecord run;
  run.metrics.epochs = {epoch(1, 20, .3), epoch(2, 40, .2)};
  EXPECT_NE(learning_figures(run).find("<h3>Training error</h3>"), std::string::npos);
  run.metrics.epochs.back().valid = {.25, .5};
  EXPECT_NE(learning_figures(run).find("<h3>Error</h3>"), std::string::npos);
}

TEST(DiagnosticFigures, have_one_for_every_term_of_the_loss) {
  RunRecord run;
  StepRecord step;
  step.step = 10;
  step.terms = {{"expectation", 1.}, {"importance", .1}};
  run.metrics.steps = {step};
  const std::string figures = diagnostic_figures(run);
  EXPECT_NE(figures.find("Loss term: expectation"), std::string::npos);
  EXPECT_NE(figures.find("Loss term: importance"), std::string::npos);
  EXPECT_EQ(figures.find("Learning rate"), std::string::npos);  // not known
}

TEST(GateFigures, of_one_expert_are_nothing) {
  RunRecord run;
  run.metrics.epochs = {epoch(1, 20, .3)};
  EXPECT_EQ(gate_figures(run), "");
}

}  // namespace
}  // namespace moestro
