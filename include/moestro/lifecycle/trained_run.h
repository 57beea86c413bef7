// A run folder as a model that can answer.
#pragma once

#include <filesystem>
#include <memory>

#include "moestro/data/record.h"
#include "moestro/data/table_encoding.h"
#include "moestro/lifecycle/responder.h"
#include "moestro/nn/mixture.h"
#include "moestro/store/checkpoint_store.h"
#include "moestro/store/run_folder.h"

namespace moestro {

constexpr const char* kTokenizerFile = "tokenizer.model";  // in the folder of a run on texts

// Throws UserError for a run through a stream of tasks (lifecycle/continual.h): its recipe is
// another.
void check_no_stream(const RunFolder& folder);

class TrainedRun {
 public:
  // The weights that the run's summary was measured with (without train.patience the last ones,
  // with it the best); of an unfinished run the newest checkpoint. device, threads: empty and -1
  // for the recipe's. damaged: what becomes of last weights that are damaged (with train.patience
  // they are passed over). Throws UserError for a folder without a run or a whole checkpoint.
  explicit TrainedRun(const std::filesystem::path& folder, const std::string& device = "",
                      int64_t threads = -1, Damaged damaged = Damaged::passed_over);

  const RunFolder& folder() const { return folder_; }
  const Recipe& recipe() const { return document_->recipe; }
  const DataRecord& data() const { return data_; }
  const Model& model() const { return *model_; }
  // Of a run with model.kind = "mixture". Throws UserError for others.
  const Mixture& mixture() const;
  // Mixture::choose_one() of it, and throws likewise, with the folder's name.
  void choose_one();
  Responder responder() const;

  // Rows to answer for: the run's own test rows for an empty `what`, else a set's name or a path.
  Dataset rows(const std::string& what, const std::filesystem::path& data_root,
               Targets targets) const;

  Evaluation evaluate(const Dataset& rows, bool experts = false) const;

 private:
  void check_rows(const Dataset& rows) const;

  RunFolder folder_;
  std::unique_ptr<RecipeDocument> document_;
  DataRecord data_;
  std::shared_ptr<const Tokenizer> tokenizer_;  // texts
  std::unique_ptr<Model> model_;
  c10::Device device_;
};

}  // namespace moestro
