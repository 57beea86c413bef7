// The recipe's [data] section.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace moestro {

class Schema;

struct DataConfig {
  std::string name = "fashion-mnist";       // a named set (data/named_sets.h), where path is empty
  std::string path, valid_path, test_path;  // a set of the user's own
  std::string format;             // of path: idx, csv, safetensors, tsv, lines, parallel, ids
  std::string inputs = "inputs";  // safetensors: the tensor of inputs
  std::string target;  // csv: column name or number, last by default; safetensors: tensor name
  std::string task = "auto";           // csv: classes, values
  std::string separator = "auto";      // csv: ",", ";", "tab", "blank"
  std::string header = "auto";         // csv: yes, no
  std::vector<std::string> ignore;     // csv: columns that are left out
  std::vector<std::string> text;       // csv, tsv: columns that make a text
  std::vector<std::string> languages;  // parallel: source, target
  std::string encoding = "utf-8";      // texts: latin-1
  std::string tokenizer;               // a sentencepiece model; empty: trained, on training rows
  int64_t vocabulary = 8000;           // pieces of the trained one
  int64_t longest = 128;               // tokens of a text, begin and end counted
  int64_t tokens = 0;                  // in one training step; 0: batch texts
  int64_t batch = 512;
  double validation = .1;
  double test = .2;  // share split off by seed where the set has no test rows of its own
  std::vector<std::string> classes;  // data/class_choice.h
  int64_t rows = 0;
  bool balanced = true;                 // of rows: as many of each class as can be
  double label_noise = 0;               // share of the training rows given another class
  std::vector<std::string> augment;     // data/augment.h
  std::vector<double> mean, deviation;  // empty: fitted on the training rows

  bool operator==(const DataConfig&) const = default;
};

// Binds every field, with its range and meaning. `config` must outlive the schema.
void describe(Schema& schema, DataConfig& config);

}  // namespace moestro
