// The recipe's [data] section.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace moestro {

class Schema;

struct DataConfig {
  std::string name = "fashion-mnist";  // a named set (data/named_sets.h), where path is empty
  std::string path, test_path;         // a set of the user's own
  std::string format;                  // of path: idx, csv, safetensors
  std::string inputs = "inputs";       // safetensors: the tensor of inputs
  std::string target;  // csv: column name or number, last by default; safetensors: tensor name
  std::string task = "auto";        // csv: classes, values
  std::string separator = "auto";   // csv: ",", ";", "tab", "blank"
  std::string header = "auto";      // csv: yes, no
  std::vector<std::string> ignore;  // csv: columns that are left out
  int64_t batch = 512;
  double validation = .1;
  double test = .2;  // share split off by seed where the set has no test rows of its own
  int64_t rows = 0;
  std::vector<std::string> augment;     // data/augment.h
  std::vector<double> mean, deviation;  // empty: fitted on the training rows

  bool operator==(const DataConfig&) const = default;
};

// Binds every field, with its range and meaning. `config` must outlive the schema.
void describe(Schema& schema, DataConfig& config);

}  // namespace moestro
