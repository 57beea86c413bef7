// Merges experts of adapters (of layers where a gate chooses among them) while a task is learned
// (arXiv 2405.11530): in every layer, at the steps that [merge] says, the two used most overwrite
// the one used least (surgery/merging.h), and the gate's training decides whether it is used.
//
//   k's weights are overwritten in place and its moments and step count forgotten; i, j and every
//   frozen expert stay. The gate's own moments stay, even where merge.gate = "mean".
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "moestro/train/expert_use.h"
#include "moestro/train/hook.h"
#include "moestro/train/merge_config.h"
#include "moestro/train/merge_journal.h"
#include "moestro/train/optimiser.h"

namespace moestro {

struct MergePlan;

class ExpertMerging : public Hook {
 public:
  // The model must outlive it. With merge.every = 0 it only counts. seed: of what is drawn, keyed
  // by task, step and layer. Throws UserError for fewer than three experts to merge,
  // and where all layers are common to all tasks.
  ExpertMerging(AdaptedEncoder& model, const MergeConfig& config, uint64_t seed);

  // Once the task's gates are added, with the optimiser that trains them, which must outlive the
  // task: counts of a task begin at 0.
  void begin_task(int64_t task, Optimiser& optimiser);

  // report: step counted from 1 within the task, traces of the task's forward pass, of all layers.
  // No host waits but where there is a merge. Throws UserError for a gate that sends a sample to
  // every expert, whose choices say nothing.
  void after_step(const StepReport& report) override;

  // Choices over the task so far, in training: with the noise of the gates as they were.
  LayerCounts task_counts() const { return task_use_.read(); }

  // Says how much the overwritten experts were used since, and remembers which experts the task's
  // gates use, for merge.target = "unused". used: choices over the task's training samples; with
  // noisy gates, which try out every expert, rather counted in evaluation (ExpertUse) than
  // task_counts().
  void end_task(const LayerCounts& used);

  const std::vector<MergeEntry>& journal() const { return journal_; }
  // Goes with state(): the caller stores both, as to_json(journal()).
  void set_journal(std::vector<MergeEntry> journal) { journal_ = std::move(journal); }

  // Counts of the task and since the last merge, use by earlier tasks, decisions. To go on within a
  // task: begin_task() on a model of as many experts, then write into these and set_journal().
  std::vector<std::pair<std::string, Tensor>> state() const override;

 private:
  int64_t decisions() const;
  uint64_t draw_index(int64_t step) const;
  std::vector<bool> overwritable(size_t layer) const;
  void count(const std::vector<MixtureTrace>& traces);
  void merge(size_t layer, int64_t step);
  void apply(AdapterLayer& layer, const MergePlan& plan, int64_t step);
  void close(MergeEntry& entry, const std::vector<int64_t>& count_E) const;
  void record(MergeEntry entry);

  AdaptedEncoder& model_;
  MergeConfig config_;
  uint64_t seed_;
  int64_t task_ = -1;
  Optimiser* optimiser_ = nullptr;
  ExpertUse task_use_;
  std::vector<Tensor> recent_LE_;   // double: what a merge is planned from
  std::vector<Tensor> earlier_LE_;  // int64, CPU: choices by gates of earlier tasks
  Tensor decisions_;                // int64 [1], CPU: of the task so far
  std::vector<MergeEntry> journal_;
};

}  // namespace moestro
