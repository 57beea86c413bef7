#include "moestro/data/read_set.h"

#include "moestro/core/error.h"
#include "moestro/data/cell.h"
#include "moestro/data/cifar.h"
#include "moestro/data/csv.h"
#include "moestro/data/idx.h"
#include "moestro/data/input_file.h"
#include "moestro/data/safetensors_set.h"
#include "moestro/data/table_encoding.h"

namespace moestro {
namespace fs = std::filesystem;
namespace {

FileSet read_tables(const fs::path& train, const std::optional<fs::path>& test,
                    const CsvOptions& csv, const TableOptions& options) {
  const CsvTable table = CsvTable::read(train, csv);
  FileSet set;
  set.table = find_table_schema(table, options);
  set.train = encode_table(table, *set.table, Targets::required);
  if (test)
    set.test = encode_table(CsvTable::read(*test, set.table->csv_options()), *set.table,
                            Targets::required);
  return set;
}

Dataset read_images(const NamedSet& set, const std::vector<fs::path>& files) {
  if (set.kind == NamedSet::Kind::idx) return read_idx_set(files[0], files[1], set.classes);
  return read_cifar(files,
                    set.kind == NamedSet::Kind::cifar10 ? CifarKind::ten : CifarKind::hundred);
}

// classes.txt beside the files: a name a line, in the order of the labels.
std::vector<std::string> read_class_names(const fs::path& folder) {
  const fs::path path = folder / "classes.txt";
  std::error_code ignored;
  std::vector<std::string> names;
  if (!fs::exists(path, ignored)) return names;
  std::istringstream lines(InputFile(path).read_rest());
  for (std::string line; std::getline(lines, line);)
    if (const std::string_view name = trimmed(line); !name.empty()) names.emplace_back(name);
  return names;
}

Dataset read_labelled(const IdxFiles& files, int64_t classes) {
  if (!files.labels)
    throw UserError("{}: no labels beside it; expected a file named alike, with labels for images",
                    files.images.string());
  return read_idx_set(files.images, *files.labels, classes);
}

// Of a folder with files of that part, or of one images file.
IdxFiles own_idx_files(const fs::path& path, const std::string& part) {
  std::error_code ignored;
  if (!fs::exists(path, ignored))
    throw UserError(
        "{}: no such file or folder; expected a folder with {}-images-idx3-ubyte (or .gz), or a "
        "file of images",
        path.string(), part);
  if (!fs::is_directory(path, ignored)) return find_idx_files(path);
  if (const auto files = find_idx_files(path, part)) return *files;
  throw UserError("{}: no {}-images-idx3-ubyte (or .gz) in this folder", path.string(), part);
}

FileSet read_own_idx(const DataConfig& config) {
  const fs::path path = config.path;
  std::error_code ignored;
  const bool folder = fs::is_directory(path, ignored);
  const IdxFiles train = own_idx_files(path, "train");
  std::optional<IdxFiles> test;
  if (!config.test_path.empty())
    test = own_idx_files(config.test_path, "t10k");
  else if (folder)
    test = find_idx_files(path, "t10k");
  FileSet set;
  const std::vector<std::string> names = read_class_names(folder ? path : path.parent_path());
  set.train = read_labelled(train, static_cast<int64_t>(names.size()));
  set.train.class_names = names;
  if (test) set.test = read_labelled(*test, set.train.classes);
  return set;
}

FileSet read_own_csv(const DataConfig& config) {
  CsvOptions csv;
  csv.separator = config.separator;
  csv.header = config.header;
  TableOptions options;
  options.target = config.target;
  options.task = config.task;
  options.ignore = config.ignore;
  options.separator = config.separator;
  std::optional<fs::path> test;
  if (!config.test_path.empty()) test = config.test_path;
  return read_tables(config.path, test, csv, options);
}

FileSet read_own_safetensors(const DataConfig& config) {
  const std::string target = config.target.empty() ? "targets" : config.target;
  FileSet set;
  set.train = read_safetensors_set(config.path, config.inputs, target, Targets::required);
  if (!config.test_path.empty())
    set.test = read_safetensors_set(config.test_path, config.inputs, target, Targets::required,
                                    set.train.classes);
  return set;
}

void name_classes(Dataset& set) {
  for (auto c = static_cast<int64_t>(set.class_names.size()); c < set.classes; ++c)
    set.class_names.push_back(fmt::format("{}", c));
}

void complete(FileSet& set, const std::string& name, const std::string& where) {
  name_classes(set.train);
  set.train.name = name;
  if (set.train.classes == 1)
    throw UserError("{}: every row is of one class; expected at least 2 classes", where);
  if (!set.test) return;
  set.test->name = name;
  set.test->class_names = set.train.class_names;
  if (set.test->sample_shape() != set.train.sample_shape() ||
      set.test->is_image() != set.train.is_image())
    throw UserError("{}: the test rows are {}; expected {}, as the training rows", where,
                    shape_text(set.test->sample_shape()), shape_text(set.train.sample_shape()));
  if ((set.test->classes == 0) != (set.train.classes == 0))
    throw UserError("{}: the test targets are {}; expected {}, as in the training rows", where,
                    set.test->classes ? "classes" : "values",
                    set.train.classes ? "classes" : "values");
}

}  // namespace

IdxFiles find_idx_files(const fs::path& images) {
  std::string name = images.filename().string();
  const auto replace = [&name](const std::string& from, const std::string& to) {
    if (const size_t at = name.find(from); at != name.npos) name.replace(at, from.size(), to);
  };
  replace("images", "labels");
  replace("idx3", "idx1");
  IdxFiles files{images, {}};
  if (images.filename() == name) return files;
  if (name.ends_with(".gz")) name.resize(name.size() - 3);
  files.labels = find_file(images.parent_path(), {name});
  return files;
}

std::optional<IdxFiles> find_idx_files(const fs::path& folder, const std::string& part) {
  const auto images = find_file(folder, {part + "-images-idx3-ubyte", part + "-images.idx3-ubyte"});
  if (!images) return {};
  return find_idx_files(*images);
}

FileSet read_named_set(const NamedSet& named, const LocatedSet& files) {
  FileSet set;
  if (named.kind == NamedSet::Kind::csv) {
    TableOptions options;
    options.target = named.target;
    options.task = named.task;
    options.target_suffix = named.target_suffix;
    options.comment = named.comment;
    CsvOptions csv;
    csv.comment = named.comment;
    std::optional<fs::path> test;
    if (!files.test.empty()) test = files.test[0];
    set = read_tables(files.train[0], test, csv, options);
  } else {
    set.train = read_images(named, files.train);
    set.train.class_names = named.class_names;
    if (!files.test.empty()) set.test = read_images(named, files.test);
  }
  complete(set, named.name, files.folder.string());
  return set;
}

FileSet read_own_set(const DataConfig& config) {
  if (config.format.empty())
    throw UserError(
        "data.format is not set; expected idx, csv, safetensors, tsv, lines, parallel or ids for "
        "data.path = {}",
        config.path);
  FileSet set = config.format == "idx"   ? read_own_idx(config)
                : config.format == "csv" ? read_own_csv(config)
                                         : read_own_safetensors(config);
  fs::path name = fs::path(config.path).filename();
  if (name.empty()) name = fs::path(config.path).parent_path().filename();
  complete(set, name.stem().string(), config.path);
  return set;
}

}  // namespace moestro
