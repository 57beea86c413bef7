#include "moestro/data/catalogue.h"

#include <algorithm>
#include <iterator>
#include <sstream>

#include <ATen/Functions.h>

#include "moestro/core/suggest.h"
#include "moestro/data/data_root.h"
#include "moestro/data/normaliser.h"
#include "moestro/data/read_set.h"
#include "moestro/data/table_encoding.h"
#include "moestro/data/text_set.h"

namespace moestro {
namespace fs = std::filesystem;
namespace {

CatalogueEntry entry_of(const NamedSet& set, const std::vector<fs::path>& roots) {
  CatalogueEntry entry{set.name, set.title, set.rows, set.licence, set.origin, {}};
  if (const std::optional<LocatedSet> located = find_set(set, roots))
    entry.folder = located->folder;
  return entry;
}

std::string column_text(const TableColumn& column) {
  const std::string kind = column.kind == TableColumn::Kind::numeric
                               ? "number"
                               : fmt::format("{} categories", column.categories.size());
  return fmt::format("{} ({}{})", column.name, kind, column.missing ? ", some missing" : "");
}

int64_t words_of(const std::vector<std::string>& texts) {
  int64_t words = 0;
  for (const std::string& text : texts) {
    std::istringstream stream(text);
    words += std::distance(std::istream_iterator<std::string>(stream), {});
  }
  return words;
}

template <class Rows>
std::vector<int64_t> counts_of(const Rows& rows) {
  if (rows.classes == 0) return {};
  Dataset counted;
  counted.classes = rows.classes;
  counted.targets_N = rows.targets_N;
  return counted.class_counts();
}

void describe_texts(const TextFileSet& files, SetDescription& out) {
  const TextRows& train = files.train;
  SetDescription::Texts texts;
  int64_t sum = 0;
  for (const std::vector<std::string>& row : train.texts) {
    const int64_t words = words_of(row);
    sum += words;
    texts.most_words = std::max(texts.most_words, words);
  }
  texts.mean_words = static_cast<double>(sum) / static_cast<double>(train.rows());
  texts.example = joined(train.texts[0], " | ");
  if (train.parallel) texts.example_target = train.translations[0];
  out.texts = texts;
  out.train_rows = train.rows();
  out.class_names = train.class_names;
  out.train_counts = counts_of(train);
  if (files.valid) out.valid_rows = files.valid->rows();
  if (files.test) {
    out.test_rows = files.test->rows();
    out.test_counts = counts_of(*files.test);
  }
  if (train.parallel || train.classes > 0) return;
  Dataset values;
  values.inputs = at::zeros({train.rows(), 1}, at::kInt);
  values.targets_N = train.targets_N;
  const Normaliser normaliser = Normaliser::fit(values);
  out.target_mean = normaliser.target_mean();
  out.target_deviation = normaliser.target_deviation();
}

void describe_numbers(FileSet files, SetDescription& out) {
  if (files.table) {
    fit_means(*files.table, files.train.inputs);
    fill_missing(*files.table, files.train.inputs);
  }
  out.train_rows = files.train.rows();
  out.sample_shape = files.train.sample_shape();
  out.class_names = files.train.class_names;
  out.train_counts = counts_of(files.train);
  if (files.test) {
    out.test_rows = files.test->rows();
    out.test_counts = counts_of(*files.test);
  }
  if (files.table)
    for (const TableColumn& column : files.table->columns)
      out.columns.push_back(column_text(column));
  const Normaliser normaliser = Normaliser::fit(files.train, files.table ? &*files.table : nullptr);
  out.mean = normaliser.mean();
  out.deviation = normaliser.deviation();
  out.target_mean = normaliser.target_mean();
  out.target_deviation = normaliser.target_deviation();
}

}  // namespace

std::vector<CatalogueEntry> list_sets(const fs::path& root) {
  const std::vector<fs::path> roots = data_roots(root);
  std::vector<CatalogueEntry> entries;
  for (const NamedSet& set : named_sets()) entries.push_back(entry_of(set, roots));
  return entries;
}

SetDescription describe_set(const std::string& name, const fs::path& root) {
  const NamedSet& set = named_set(name);
  const std::vector<fs::path> roots = data_roots(root);
  const LocatedSet located = require_set(set, roots);
  SetDescription out;
  out.entry = entry_of(set, roots);
  if (set.kind == NamedSet::Kind::text)
    describe_texts(read_named_texts(set, located), out);
  else
    describe_numbers(read_named_set(set, located), out);
  return out;
}

}  // namespace moestro
