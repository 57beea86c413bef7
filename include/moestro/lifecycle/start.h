// What a run takes over from a finished one (the recipe's [start]), and what frozen networks say of
// its batches.
#pragma once

#include <memory>

#include "moestro/data/source.h"
#include "moestro/lifecycle/trained_run.h"
#include "moestro/objective/guidance.h"

namespace moestro {

class Start {
 public:
  // Opens start.run and loss.similarity_run where the recipe names them. Throws UserError where
  // they are no finished runs, or were trained on samples, classes or a normalisation other than
  // the data's.
  Start(const RecipeDocument& document, const DataSource& data, c10::Device device);

  // Copies and freezes what [start] says. Throws UserError that names every tensor that does not
  // fit.
  void apply(Mixture& mixture) const;

  // Without gradient, networks in evaluation mode.
  Guidance guide(const Batch& batch) const;

 private:
  const Recipe& recipe_;
  c10::ScalarType precision_;
  std::unique_ptr<TrainedRun> run_, features_;
};

}  // namespace moestro
