#include "moestro/data/source.h"

#include "moestro/core/error.h"
#include "moestro/data/cifar.h"
#include "moestro/data/csv.h"
#include "moestro/data/data_root.h"
#include "moestro/data/idx.h"
#include "moestro/data/read_set.h"
#include "moestro/data/safetensors_set.h"
#include "moestro/data/split.h"
#include "moestro/store/digest.h"

namespace moestro {
namespace fs = std::filesystem;
namespace {

FileSet read_files(const DataConfig& config, const fs::path& root) {
  if (!config.path.empty()) return read_own_set(config);
  const NamedSet& set = named_set(config.name);
  return read_named_set(set, require_set(set, data_roots(root)));
}

void split_rows(const DataConfig& config, uint64_t seed, FileSet& files, DataSource& source) {
  Dataset& all = files.train;
  if (files.test) {
    if (config.test != DataConfig().test)
      throw UserError("data.test = {} has no effect: {} has test rows of its own", config.test,
                      all.name);
    source.test = *files.test;
  } else {
    const Split split = hold_out(all.rows(), config.test, seed, "test");
    source.test = select_rows(all, split.held_N);
    source.test_is_split = true;
    all = select_rows(all, split.kept_N);
  }
  const Split split = hold_out(all.rows(), config.validation, seed, "validation");
  source.valid = select_rows(all, split.held_N);
  Tensor train_N = split.kept_N;
  if (config.rows > 0) {
    const Tensor targets_N = all.targets_N.index_select(0, train_N);
    train_N = train_N.index_select(0, balanced_rows(targets_N, all.classes, config.rows, seed));
  }
  source.train = select_rows(all, train_N);
}

void fill_tables(DataSource& source) {
  fit_means(*source.table, source.train.inputs);
  for (const Dataset* part : {&source.train, &source.valid, &source.test})
    fill_missing(*source.table, part->inputs);
}

Dataset read_new_images(const DataRecord& record, const fs::path& path, Targets targets) {
  std::error_code ignored;
  if (path.extension() == ".bin")
    return read_cifar({path}, record.classes == 100 ? CifarKind::hundred : CifarKind::ten);
  std::optional<IdxFiles> files;
  if (fs::is_directory(path, ignored)) {
    files = find_idx_files(path, "t10k");
    if (!files) files = find_idx_files(path, "train");
    if (!files)
      throw UserError("{}: no t10k-images-idx3-ubyte (or .gz) in this folder", path.string());
  } else {
    files = find_idx_files(path);
  }
  if (files->labels) return read_idx_set(files->images, *files->labels, record.classes);
  if (targets == Targets::required)
    throw UserError("{}: no labels beside it; expected a file named alike, with labels for images",
                    files->images.string());
  Dataset set;
  set.inputs = read_idx_images(files->images);
  return set;
}

Dataset read_new_table(const DataRecord& record, const fs::path& path, Targets targets) {
  const CsvTable table = CsvTable::read(path, record.table->csv_options());
  Dataset set = encode_table(table, *record.table, targets);
  fill_missing(*record.table, set.inputs);
  return set;
}

Dataset read_new_path(const DataRecord& record, const fs::path& path, Targets targets) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) throw UserError("{}: no such file", path.string());
  if (path.extension() == ".safetensors")
    return read_safetensors_set(path, record.inputs_name, record.target_name, targets,
                                record.classes);
  if (record.table) return read_new_table(record, path, targets);
  return read_new_images(record, path, targets);
}

// Of a set known by name; a table is read by the run's schema, not by its own.
Dataset read_new_named(const DataRecord& record, const NamedSet& set, const fs::path& root,
                       Targets targets) {
  if (set.test_files.empty() && set.name == record.name)
    throw UserError(
        "{} has no test files and the run was trained on its rows; leave the name out to use the "
        "rows that the run held out",
        set.name);
  const LocatedSet files = require_set(set, data_roots(root));
  if (record.table && set.kind == NamedSet::Kind::csv)
    return read_new_table(record, files.test.empty() ? files.train[0] : files.test[0], targets);
  FileSet read = read_named_set(set, files);
  return read.test ? std::move(*read.test) : std::move(read.train);
}

}  // namespace

DataRecord DataSource::record() const {
  return {train.name,  train.sample_shape(), train.classes, train.class_names,
          inputs_name, target_name,          normaliser,    table};
}

std::string DataSource::digest() const {
  return sha256_hex(train.digest() + valid.digest() + test.digest());
}

DataSource load_data(const DataConfig& config, const fs::path& root, uint64_t seed) {
  DataSource source;
  source.augmentation = Augmentation::parse(config.augment);
  FileSet files = read_files(config, root);
  source.augmentation.check(files.train);
  split_rows(config, seed, files, source);
  source.table = std::move(files.table);
  if (source.table) fill_tables(source);
  source.normaliser = Normaliser::fit(source.train, source.table ? &*source.table : nullptr,
                                      config.mean, config.deviation);
  source.inputs_name = config.inputs;
  source.target_name = config.target.empty() ? "targets" : config.target;
  return source;
}

Dataset load_new_rows(const DataRecord& record, const std::string& what, const fs::path& root,
                      Targets targets) {
  Dataset set = is_named_set(what) ? read_new_named(record, named_set(what), root, targets)
                                   : read_new_path(record, what, targets);
  if (set.sample_shape() != record.sample_shape || set.is_image() != record.normaliser.pixels())
    throw UserError("{}: rows of {} {}; expected {} {}, as the run was trained on", what,
                    shape_text(set.sample_shape()), set.is_image() ? "pixels" : "numbers",
                    shape_text(record.sample_shape),
                    record.normaliser.pixels() ? "pixels" : "numbers");
  if (set.has_targets() && set.classes != record.classes)
    throw UserError("{}: {} classes; expected {}, as the run was trained on", what, set.classes,
                    record.classes);
  set.name = is_named_set(what) ? what : fs::path(what).filename().string();
  set.classes = record.classes;
  set.class_names = record.class_names;
  return set;
}

}  // namespace moestro
