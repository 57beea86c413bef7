#include "moestro/data/token_set.h"

#include <ATen/Functions.h>

#include "moestro/core/error.h"
#include "moestro/data/named_sets.h"
#include "moestro/data/split.h"
#include "moestro/data/token_ids.h"

namespace moestro {
namespace fs = std::filesystem;
namespace {

// The set of a run: its vocabulary and its classes, by name.
void take_from(const std::string& path, int64_t vocabulary,
               const std::vector<std::string>& class_names, Dataset& set) {
  if (set.vocabulary != vocabulary)
    throw UserError("{}: ids of a vocabulary of {}; expected {}, as the training rows have", path,
                    set.vocabulary, vocabulary);
  if (set.has_targets())
    set.targets_N = map_classes(path, set.targets_N, set.class_names, class_names);
  set.classes = static_cast<int64_t>(class_names.size());
  set.class_names = class_names;
}

}  // namespace

Dataset read_token_set(const fs::path& path, int64_t longest, Targets targets) {
  const TokenIds texts = read_token_ids(path, 0, longest);
  if (!texts.targets_N.defined() && targets == Targets::required)
    throw UserError("{}: no tensor \"targets\"; scripts/tokenize.py --labels writes them",
                    path.string());
  const Tensor lengths_N = texts.lengths_N();
  const int64_t width = lengths_N.max().item<int64_t>();
  const Tensor valid_NT = at::arange(width).unsqueeze(0).lt(lengths_N.unsqueeze(1));
  Dataset set;
  set.name = path.stem().string();
  set.inputs = at::full({texts.texts(), width}, -1, at::kInt)
                   .masked_scatter(valid_NT, texts.ids_M.to(at::kInt));
  set.targets_N = texts.targets_N;
  set.class_names = texts.class_names;
  set.classes = static_cast<int64_t>(texts.class_names.size());
  set.vocabulary = texts.vocabulary;
  return set;
}

DataSource load_token_sets(const DataConfig& config, uint64_t seed,
                           std::optional<ClassChoice>& choice) {
  if (!config.tokenizer.empty() || config.vocabulary != DataConfig().vocabulary)
    throw UserError("data.tokenizer and data.vocabulary have no effect: {} holds ids already",
                    config.path);
  Dataset all = read_token_set(config.path, config.longest, Targets::required);
  if (all.classes == 1)
    throw UserError("{}: one class, \"{}\"; expected at least 2 in class_names", config.path,
                    all.class_names[0]);
  const std::vector<std::string> class_names = all.class_names;
  if (choice) choice->choose(all);
  const auto part = [&](const std::string& path) {
    Dataset set = read_token_set(path, config.longest, Targets::required);
    take_from(path, all.vocabulary, class_names, set);
    set.name = all.name;
    if (choice) choice->apply(set);
    return set;
  };
  const bool has_valid = !config.valid_path.empty(), has_test = !config.test_path.empty();
  const RowSplit split = split_rows(
      {all.name, all.rows(), all.targets_N, all.classes, has_valid, has_test}, config, seed);
  DataSource source;
  source.test_is_split = !has_test;
  source.train = select_rows(all, split.train_N);
  source.test = has_test ? part(config.test_path) : select_rows(all, split.test_N);
  source.valid = has_valid ? part(config.valid_path) : select_rows(all, split.valid_N);
  if (has_valid && config.validation == 0)
    source.valid = select_rows(source.valid, at::empty({0}, at::kLong));
  TextRecord record;
  record.layout.format = "ids";
  record.longest = config.longest;
  record.vocabulary = all.vocabulary;
  source.text = record;
  return source;
}

Dataset load_new_token_set(const DataRecord& record, const std::string& path, Targets targets) {
  if (is_named_set(path))
    throw UserError("{} is a named set; the run was trained on ids of scripts/tokenize.py", path);
  Dataset set = read_token_set(path, record.text->longest, targets);
  take_from(path, record.text->vocabulary, record.file_class_names(), set);
  return set;
}

}  // namespace moestro
