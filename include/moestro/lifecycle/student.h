// The recipe's [student]: a dense network folded from a teacher, and what the teacher says of its
// batches while it learns.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "moestro/data/source.h"
#include "moestro/lifecycle/fold.h"
#include "moestro/lifecycle/teacher.h"

namespace moestro {

struct Batch;

// How teacher and student do on rows that neither is tested by, before the student learns.
struct FoldScores {
  bool held_out = false;  // validation rows; else calibration rows, which both have been fitted to
  Scores teacher, student;
};

class Student {
 public:
  // Opens the teacher. Throws UserError as Teacher does.
  Student(const RecipeDocument& document, const DataSource& data, c10::Device device,
          const PlannedRuns& planned = {});
  ~Student();

  // Folds the teacher into the model, as [student] says. Throws UserError where it does not fit.
  void fold_into(Model& model);

  // The teacher's answers for the batch, by its own routing, in evaluation, without gradients. They
  // are computed once where the rows stay what they are (no augmentation) and there is room.
  Tensor teach(const Batch& batch);

  std::string teacher_digest() const { return teacher_.digest(); }

  // How well the folded student does before it learns, for people.
  std::string describe() const;
  // The summary's "student": of a model that was folded and not trained since.
  nlohmann::ordered_json to_json() const;

 private:
  void score_both(const Model& model);
  bool keeps_answers() const;
  Tensor all_answers() const;

  const RecipeDocument& document_;
  const DataSource& data_;
  c10::Device device_;
  bool planned_;
  Teacher teacher_;
  Dataset calibration_;
  std::vector<FoldedLayer> layers_;
  std::optional<FoldScores> scores_;
  double fold_seconds_ = 0, answer_seconds_ = 0;
  Tensor answers_NC_;  // of all training rows
};

}  // namespace moestro
