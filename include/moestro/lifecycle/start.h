// What a run takes over from a finished one (the recipe's [start]), and what frozen networks say of
// its batches.
#pragma once

#include <memory>
#include <string>

#include "moestro/data/source.h"
#include "moestro/lifecycle/teacher.h"
#include "moestro/objective/guidance.h"

namespace moestro {

class Start {
 public:
  // Opens start.run and loss.similarity_run where the recipe names them. Throws UserError as
  // Teacher does.
  Start(const RecipeDocument& document, const DataSource& data, c10::Device device,
        const PlannedRuns& planned = {});
  ~Start();

  // Copies and freezes what [start] says. Throws UserError that names every tensor that does not
  // fit, and where what is frozen would compute something else here.
  void apply(Mixture& mixture) const;

  // Whether guide() asks the same work of a device for every batch.
  bool passes_are_alike() const;

  // Without gradient, networks in evaluation mode.
  Guidance guide(const Batch& batch) const;

 private:
  void check_frozen() const;

  const RecipeDocument& document_;
  const Recipe& recipe_;
  c10::ScalarType precision_;
  std::unique_ptr<Teacher> run_, features_;
};

}  // namespace moestro
