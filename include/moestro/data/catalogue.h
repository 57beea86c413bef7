// What `moestro data` shows: which sets are known, which are here, and what is in one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "moestro/core/tensor.h"
#include "moestro/data/named_sets.h"

namespace moestro {

struct CatalogueEntry {
  std::string name, title, rows, licence, origin;
  std::optional<std::filesystem::path> folder;  // where it was found
};

// Every known set; reads no data. root: --data-root, may be empty.
std::vector<CatalogueEntry> list_sets(const std::filesystem::path& root);

struct SetDescription {
  CatalogueEntry entry;
  int64_t train_rows = 0;
  int64_t valid_rows = 0;  // 0: a share is held out by seed
  int64_t test_rows = 0;   // 0: a share is split off by seed
  Shape sample_shape;      // of a row as a network gets it
  std::vector<std::string> class_names;
  std::vector<int64_t> train_counts, test_counts;  // of each class; empty for regression
  std::vector<std::string> columns;                // tables: "age (number)", "job (12 categories)"
  std::vector<double> mean, deviation;           // of the training file: channels, or input columns
  double target_mean = 0, target_deviation = 1;  // regression
  // Texts of the training file; no sample_shape, mean and deviation.
  struct Texts {
    double mean_words = 0;  // what blanks separate
    int64_t most_words = 0;
    std::string example, example_target;  // the first row; its translation, or empty
  };
  std::optional<Texts> texts;
};

// Reads the set. Throws UserError for an unknown name, and as load_data.
SetDescription describe_set(const std::string& name, const std::filesystem::path& root);

}  // namespace moestro
