#include "moestro/data/source.h"

#include "moestro/core/error.h"
#include "moestro/core/log.h"
#include "moestro/data/cifar.h"
#include "moestro/data/csv.h"
#include "moestro/data/data_root.h"
#include "moestro/data/idx.h"
#include "moestro/data/label_noise.h"
#include "moestro/data/read_set.h"
#include "moestro/data/safetensors_set.h"
#include "moestro/data/split.h"
#include "moestro/data/text_source.h"
#include "moestro/data/token_set.h"
#include "moestro/store/digest.h"

namespace moestro {
namespace fs = std::filesystem;
namespace {

FileSet read_files(const DataConfig& config, const fs::path& root) {
  if (!config.path.empty()) return read_own_set(config);
  const NamedSet& set = named_set(config.name);
  return read_named_set(set, require_set(set, data_roots(root)));
}

void take_rows(const DataConfig& config, uint64_t seed, FileSet& files, DataSource& source) {
  const Dataset& all = files.train;
  const RowSplit split = split_rows({all.name, all.rows(), all.targets_N, all.classes,
                                     /*has_valid=*/false, files.test.has_value()},
                                    config, seed);
  source.test_is_split = !files.test;
  source.test = files.test ? *files.test : select_rows(all, split.test_N);
  source.valid = select_rows(all, split.valid_N);
  source.train = select_rows(all, split.train_N);
}

// Keys of texts that the schema cannot tell from those of a table.
void refuse_text_keys(const DataConfig& config, const std::string& name) {
  DataConfig plain = config;
  const DataConfig unset;
  plain.valid_path = unset.valid_path;
  plain.encoding = unset.encoding;
  plain.tokenizer = unset.tokenizer;
  plain.vocabulary = unset.vocabulary;
  plain.longest = unset.longest;
  plain.tokens = unset.tokens;
  if (plain != config)
    throw UserError(
        "data.valid_path, encoding, tokenizer, vocabulary, longest and tokens have no effect: {} "
        "holds no texts (data.text names the columns of a csv file that are texts)",
        name);
}

DataSource load_all_texts(const DataConfig& config, const fs::path& root, uint64_t seed,
                          std::optional<ClassChoice>& choice,
                          std::shared_ptr<const Tokenizer> tokenizer) {
  if (!config.path.empty() && config.format == "ids") return load_token_sets(config, seed, choice);
  return load_texts(config, read_text_files(config, root, choice), seed, std::move(tokenizer));
}

void fill_tables(DataSource& source) {
  fit_means(*source.table, source.train.inputs);
  for (const Dataset* part : {&source.train, &source.valid, &source.test})
    fill_missing(*source.table, part->inputs);
}

DataSource load_numbers(const DataConfig& config, const fs::path& root, uint64_t seed,
                        std::optional<ClassChoice>& choice) {
  DataSource source;
  FileSet files = read_files(config, root);
  refuse_text_keys(config, files.train.name);
  if (choice) {
    choice->choose(files.train);
    if (files.test) choice->apply(*files.test);
  }
  take_rows(config, seed, files, source);
  source.table = std::move(files.table);
  if (source.table) fill_tables(source);
  return source;
}

Dataset read_new_images(const DataRecord& record, const fs::path& path, Targets targets) {
  std::error_code ignored;
  if (path.extension() == ".bin")
    return read_cifar({path}, record.file_classes() == 100 ? CifarKind::hundred : CifarKind::ten);
  std::optional<IdxFiles> files;
  if (fs::is_directory(path, ignored)) {
    files = find_idx_files(path, "t10k");
    if (!files) files = find_idx_files(path, "train");
    if (!files)
      throw UserError("{}: no t10k-images-idx3-ubyte (or .gz) in this folder", path.string());
  } else {
    files = find_idx_files(path);
  }
  if (files->labels) return read_idx_set(files->images, *files->labels, record.file_classes());
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
                                record.file_classes());
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
  if (set.kind == NamedSet::Kind::text)
    throw UserError("{} holds texts; the run was trained on {}", set.name,
                    record.normaliser.pixels() ? "images" : "numbers");
  const LocatedSet files = require_set(set, data_roots(root));
  if (record.table && set.kind == NamedSet::Kind::csv)
    return read_new_table(record, files.test.empty() ? files.train[0] : files.test[0], targets);
  FileSet read = read_named_set(set, files);
  return read.test ? std::move(*read.test) : std::move(read.train);
}

Dataset read_new_rows(const DataRecord& record, const std::string& what, const fs::path& root,
                      Targets targets) {
  if (is_named_set(what)) return read_new_named(record, named_set(what), root, targets);
  return read_new_path(record, what, targets);
}

void check_shape(const DataRecord& record, const Dataset& set, const std::string& what) {
  if (set.sample_shape() != record.sample_shape || set.is_image() != record.normaliser.pixels())
    throw UserError("{}: rows of {} {}; expected {} {}, as the run was trained on", what,
                    shape_text(set.sample_shape()), set.is_image() ? "pixels" : "numbers",
                    shape_text(record.sample_shape),
                    record.normaliser.pixels() ? "pixels" : "numbers");
  if (set.has_targets() && set.classes != record.file_classes())
    throw UserError("{}: {} classes; expected {}, as the run was trained on", what, set.classes,
                    record.file_classes());
}

void leave_out_classes(const ClassChoice& choice, Dataset& set) {
  const int64_t rows = set.rows();
  choice.apply(set);
  if (set.rows() < rows)
    log_info("{}: {} of {} rows are of classes that the run left out (data.classes)", set.name,
             rows - set.rows(), rows);
}

}  // namespace

DataRecord DataSource::record() const {
  DataRecord record;
  record.name = train.name;
  record.sample_shape = text ? Shape{text->longest} : train.sample_shape();
  record.classes = train.classes;
  record.class_names = train.class_names;
  record.choice = choice;
  record.inputs_name = inputs_name;
  record.target_name = target_name;
  record.normaliser = normaliser;
  record.table = table;
  record.text = text;
  return record;
}

std::string DataSource::digest() const {
  return sha256_hex(train.digest() + valid.digest() + test.digest());
}

DataSource load_data(const DataConfig& config, const fs::path& root, uint64_t seed,
                     std::shared_ptr<const Tokenizer> tokenizer) {
  const Augmentation augmentation = Augmentation::parse(config.augment);
  std::optional<ClassChoice> choice = ClassChoice::parse(config.classes);
  DataSource source = holds_texts(config)
                          ? load_all_texts(config, root, seed, choice, std::move(tokenizer))
                          : load_numbers(config, root, seed, choice);
  source.choice = std::move(choice);
  add_label_noise(source.train, config.label_noise, seed);
  source.augmentation = augmentation;
  source.augmentation.check(source.train);
  source.normaliser = Normaliser::fit(source.train, source.table ? &*source.table : nullptr,
                                      config.mean, config.deviation);
  source.inputs_name = config.inputs;
  source.target_name = config.target.empty() ? "targets" : config.target;
  return source;
}

Dataset load_new_rows(const DataRecord& record, const std::string& what, const fs::path& root,
                      Targets targets, std::shared_ptr<const Tokenizer> tokenizer) {
  const bool ids = record.text && record.text->layout.format == "ids";
  Dataset set = ids           ? load_new_token_set(record, what, targets)
                : record.text ? load_new_texts(record, what, root, targets, tokenizer)
                              : read_new_rows(record, what, root, targets);
  if (!record.text) check_shape(record, set, what);
  set.name = is_named_set(what) ? what : fs::path(what).filename().string();
  if (record.choice && set.has_targets()) leave_out_classes(*record.choice, set);
  set.classes = record.classes;
  set.class_names = record.class_names;
  return set;
}

Tensor load_new_images(const std::string& what, const fs::path& root) {
  DataRecord record;
  record.inputs_name = DataConfig().inputs;
  Dataset set;
  if (!is_named_set(what) || named_set(what).kind != NamedSet::Kind::text)
    set = read_new_rows(record, what, root, Targets::optional);
  if (!set.inputs.defined() || !set.is_image() || set.inputs.dim() != 4)
    throw UserError("{} holds no images; expected unsigned bytes [N, C, H, W]", what);
  return set.inputs;
}

}  // namespace moestro
