// All that the files of a run folder say about the run, as docs/run-folder.md describes them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "moestro/core/tensor.h"
#include "moestro/lifecycle/owners.h"
#include "moestro/nn/model.h"
#include "moestro/report/axis.h"
#include "moestro/report/inspection_record.h"
#include "moestro/report/metrics_record.h"
#include "moestro/report/summary_record.h"
#include "moestro/store/manifest.h"

namespace moestro {

enum class Task { classes, values, translation };

struct RunRecord {
  std::string name;    // of the folder
  std::string recipe;  // recipe.toml
  Manifest manifest;
  MetricsRecord metrics;
  std::optional<SummaryRecord> summary;        // once the run has finished
  std::optional<InspectionRecord> inspection;  // likewise
  std::optional<Owners> owners;                // likewise; of runs since schema 2 of the inspection
  std::vector<Tensor> images;  // one an expert: uint8 [samples, channels, height, width]; or none

  // With or without mixture layers; otherwise a mixture of whole networks.
  bool is_transformer() const;
  int64_t experts() const;  // whole networks; 0: not known yet, or a Transformer
  // Mixture layers of a Transformer; empty: none, or not known yet.
  std::vector<MixtureName> layers() const;
  int64_t layer_experts() const;  // of each of them, 1: there are none; 0: not known

  Task task() const;
  bool has_classes() const { return task() == Task::classes; }
  // "error", "root mean squared error", or "share of wrong tokens" (translations, each token given
  // the true ones before it).
  std::string error_noun() const;
  NumberStyle error_style() const;
  std::string error_text(double error) const;  // "9.87 %", or "2.314" for values
};

// Throws UserError of one line that names the missing or damaged file.
RunRecord read_run(const std::filesystem::path& folder);

}  // namespace moestro
