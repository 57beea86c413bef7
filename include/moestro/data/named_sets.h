// The data sets that are known by name: which files they are, where to get them, on which terms.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "moestro/data/text_record.h"

namespace moestro {

struct NamedSet {
  enum class Kind { idx, cifar10, cifar100, csv, text };
  // A file under any of these names, each also with ".gz".
  using FileNames = std::vector<std::string>;

  std::string name, title;
  std::string folder;  // where it is not named as the set
  Kind kind = Kind::idx;
  // idx: images, labels; parallel texts: source, target. No test files: split off.
  std::vector<FileNames> train_files, valid_files, test_files;
  int64_t classes = 0;                   // images; texts: 0 where no names are given
  std::vector<std::string> class_names;  // images; texts: of the labels in their order
  std::string target, task;              // csv, as in DataConfig
  std::string target_suffix;             // csv, as in TableSchema
  char comment = 0;
  TextLayout text;
  // The one file that is written otherwise than the rest.
  struct OddFile {
    std::string name;
    TextLayout text;
  };
  std::optional<OddFile> odd_file;
  std::string rows;  // as published, for lists: "60,000 + 10,000"
  std::string licence, origin;
};

const std::vector<NamedSet>& named_sets();
std::vector<std::string> named_set_names();

// Those of texts.
std::vector<std::string> text_set_names();

bool is_named_set(const std::string& name);
const NamedSet& named_set(const std::string& name);  // throws UserError with a suggestion

}  // namespace moestro
