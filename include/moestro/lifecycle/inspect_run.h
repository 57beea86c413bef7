// What each expert of a run learned, whether other runs split the same rows alike, and of a student
// what was kept of its teacher's experts.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "moestro/lifecycle/inspection.h"
#include "moestro/lifecycle/layer_inspection.h"

namespace moestro {

struct InspectOptions {
  std::string run;                  // its folder
  std::vector<std::string> beside;  // folders of others
  // Experts alone; of a mixture of whole networks that is always measured.
  bool probe = false;
  std::string partition;            // the folder of a run whose split experts are judged by as well
  std::string data;                 // a set's name or a path; empty: the run's own test rows
  std::filesystem::path data_root;  // may be empty: see data/data_root.h
  std::string device;               // empty: the recipe's
  int64_t threads = -1;             // -1: the recipe's
};

struct InspectedRun {
  struct Agreement {
    std::string run;
    double adjusted_mutual_information = 0;  // measure/adjusted_mutual_information.h
  };
  // Each expert on a part of its own, so that parts and experts overlap as far as can be
  // (lifecycle/partition.h). Parts are what the most probable experts of the other run own.
  struct Partition {
    std::string run;
    std::vector<int64_t> part_of_expert;
    ExpertProbing probing;
  };
  std::optional<Inspection> inspection;  // of a mixture of whole networks
  std::optional<Partition> partition;    // likewise
  std::vector<LayerInspection> layers;   // of a Transformer's mixture layers
  std::optional<Scores> scores;          // of a Transformer without any: its answers
  nlohmann::ordered_json student;        // summary.json's, of a finished run with a teacher
  std::vector<Agreement> agreement;      // one a run beside it
  std::string set;
  int64_t rows = 0;

  // inspection.json, and "agreement", "partition" and "student" where there are such; of a
  // Transformer without mixture layers "model_loss" and "model_error".
  nlohmann::ordered_json to_json() const;
};

// Writes the run's inspection.json anew, for the report: of its own test rows.
void keep(const InspectedRun& inspected, const std::filesystem::path& run);

// Throws UserError for a folder without a run, for rows that one of the runs cannot take, for one
// expert or a model without mixtures that is to be probed, for other runs that are no mixtures of
// whole networks, and for a partition of another number of experts.
InspectedRun inspect_run(const InspectOptions& options);

}  // namespace moestro
