#include "moestro/data/catalogue.h"

#include "moestro/data/data_root.h"
#include "moestro/data/normaliser.h"
#include "moestro/data/read_set.h"
#include "moestro/data/table_encoding.h"

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
  FileSet files = read_named_set(set, require_set(set, roots));
  if (files.table) {
    fit_means(*files.table, files.train.inputs);
    fill_missing(*files.table, files.train.inputs);
  }
  SetDescription out;
  out.entry = entry_of(set, roots);
  out.train_rows = files.train.rows();
  out.sample_shape = files.train.sample_shape();
  out.class_names = files.train.class_names;
  if (files.train.classes) out.train_counts = files.train.class_counts();
  if (files.test) {
    out.test_rows = files.test->rows();
    if (files.test->classes) out.test_counts = files.test->class_counts();
  }
  if (files.table)
    for (const TableColumn& column : files.table->columns)
      out.columns.push_back(column_text(column));
  const Normaliser normaliser = Normaliser::fit(files.train, files.table ? &*files.table : nullptr);
  out.mean = normaliser.mean();
  out.deviation = normaliser.deviation();
  out.target_mean = normaliser.target_mean();
  out.target_deviation = normaliser.target_deviation();
  return out;
}

}  // namespace moestro
