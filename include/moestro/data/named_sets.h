// The data sets that are known by name: which files they are, where to get them, on which terms.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace moestro {

struct NamedSet {
  enum class Kind { idx, cifar10, cifar100, csv };
  // A file under any of these names, each also with ".gz".
  using FileNames = std::vector<std::string>;

  std::string name, title;
  Kind kind = Kind::idx;
  std::vector<FileNames> train_files, test_files;  // idx: images, labels; no test files: split off
  int64_t classes = 0;                             // images
  std::vector<std::string> class_names;            // images
  std::string target, task;                        // csv, as in DataConfig
  std::string target_suffix;                       // csv, as in TableSchema
  char comment = 0;
  std::string rows;  // as published, for lists: "60,000 + 10,000"
  std::string licence, origin;
};

const std::vector<NamedSet>& named_sets();
std::vector<std::string> named_set_names();

bool is_named_set(const std::string& name);
const NamedSet& named_set(const std::string& name);  // throws UserError with a suggestion

}  // namespace moestro
