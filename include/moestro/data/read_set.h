// A data set as its files have it, before any split.
#pragma once

#include <filesystem>
#include <optional>

#include "moestro/data/config.h"
#include "moestro/data/data_root.h"
#include "moestro/data/dataset.h"
#include "moestro/data/table_schema.h"

namespace moestro {

struct FileSet {
  Dataset train;
  std::optional<Dataset> test;       // where there are test files
  std::optional<TableSchema> table;  // csv: found on the training file, means not fitted; missing
                                     // numbers are NaN in train and test
};

FileSet read_named_set(const NamedSet& set, const LocatedSet& files);

// data.path, data.test_path, ... Throws UserError for a format that is not said.
FileSet read_own_set(const DataConfig& config);

// Images and labels of an IDX set: a folder with train-... and t10k-... files, or an images file
// whose labels file is named alike (labels for images, idx1 for idx3).
struct IdxFiles {
  std::filesystem::path images;
  std::optional<std::filesystem::path> labels;
};
IdxFiles find_idx_files(const std::filesystem::path& images);
std::optional<IdxFiles> find_idx_files(const std::filesystem::path& folder,
                                       const std::string& part);  // "train", "t10k"

}  // namespace moestro
