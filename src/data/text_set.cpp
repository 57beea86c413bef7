#include "moestro/data/text_set.h"

#include <ATen/Functions.h>

#include "moestro/core/error.h"
#include "moestro/core/suggest.h"
#include "moestro/data/split.h"

namespace moestro {
namespace fs = std::filesystem;
namespace {

bool is_odd(const NamedSet& set, const fs::path& file) {
  return set.odd_file && file.filename().string().starts_with(set.odd_file->name);
}

// A file of another layout than the training file's has its own columns, and the same classes.
TextRows read_part(const NamedSet& set, const std::vector<fs::path>& files, const TextFileSet& read,
                   bool odd_training_file) {
  if (is_odd(set, files[0]) == odd_training_file)
    return read_texts(files, read.record, Targets::required);
  TextRecord record;
  record.layout = is_odd(set, files[0]) ? set.odd_file->text : set.text;
  return read_training_texts(files, record);
}

void name_rows(TextFileSet& set, const std::string& name,
               const std::vector<std::string>& class_names) {
  std::vector<TextRows*> parts = {&set.train};
  for (auto* part : {&set.valid, &set.test})
    if (*part) parts.push_back(&**part);
  for (TextRows* part : parts) {
    part->name = name;
    if (!class_names.empty()) part->class_names = class_names;
  }
}

TextLayout layout_of(const DataConfig& config) {
  TextLayout layout;
  layout.format = config.format;
  layout.encoding = config.encoding;
  layout.separator = config.separator;
  layout.header = config.header;
  layout.columns = config.text;
  layout.target = config.target;
  layout.task = config.task;
  layout.languages = config.languages;
  return layout;
}

std::vector<fs::path> files_of(const std::string& path, const TextLayout& layout) {
  if (layout.format == "parallel") return parallel_files(path, layout.languages);
  return {path};
}

}  // namespace

bool holds_texts(const DataConfig& config) {
  if (config.path.empty()) return named_set(config.name).kind == NamedSet::Kind::text;
  const std::string& format = config.format;
  return format == "tsv" || format == "lines" || format == "parallel" || format == "ids" ||
         (format == "csv" && !config.text.empty());
}

std::vector<fs::path> parallel_files(const std::string& prefix,
                                     const std::vector<std::string>& languages) {
  if (languages.size() != 2 || languages[0] == languages[1] || languages[0].empty() ||
      languages[1].empty())
    throw UserError(
        "data.languages = [{}]; expected the endings of the source's and the target's file, such "
        "as [\"en\", \"de\"]",
        joined(languages));
  const fs::path path = prefix;
  std::vector<fs::path> files;
  for (const std::string& language : languages) {
    const std::string name = path.filename().string() + "." + language;
    const std::optional<fs::path> file = find_file(path.parent_path(), {name});
    std::error_code ignored;
    if (!file && fs::is_directory(path, ignored))
      throw UserError(
          "{}: is a folder; expected a file of sentences, or what stands before .{} and .{} in the "
          "names of two",
          prefix, languages[0], languages[1]);
    if (!file)
      throw UserError("{}: no such file (or .gz); expected the texts in \"{}\" of {}",
                      (path.parent_path() / name).string(), language, prefix);
    files.push_back(*file);
  }
  return files;
}

TextFileSet read_named_texts(const NamedSet& set, const LocatedSet& files) {
  TextFileSet out;
  const bool odd = is_odd(set, files.train[0]);
  out.record.layout = odd ? set.odd_file->text : set.text;
  out.train = read_training_texts(files.train, out.record);
  if (set.classes > 0 && out.train.classes != set.classes)
    throw UserError("{}: {} classes; expected the {} of {}", files.train[0].string(),
                    out.train.classes, set.classes, set.name);
  if (!files.valid.empty()) out.valid = read_part(set, files.valid, out, odd);
  if (!files.test.empty()) out.test = read_part(set, files.test, out, odd);
  name_rows(out, set.name, set.class_names);
  return out;
}

TextFileSet read_own_texts(const DataConfig& config) {
  if (!config.text.empty() && !config.ignore.empty())
    throw UserError("data.ignore has no effect beside data.text: other columns are left out");
  TextFileSet out;
  out.record.layout = layout_of(config);
  const TextLayout& layout = out.record.layout;
  out.train = read_training_texts(files_of(config.path, layout), out.record);
  const auto read = [&](const std::string& path) -> std::optional<TextRows> {
    if (path.empty()) return {};
    return read_texts(files_of(path, layout), out.record, Targets::required);
  };
  out.valid = read(config.valid_path);
  out.test = read(config.test_path);
  name_rows(out, fs::path(config.path).stem().stem().string(), {});
  return out;
}

TextFileSet read_text_files(const DataConfig& config, const fs::path& root,
                            std::optional<ClassChoice>& choice) {
  const auto read_named = [&](const NamedSet& set) {
    return read_named_texts(set, require_set(set, data_roots(root)));
  };
  TextFileSet files =
      config.path.empty() ? read_named(named_set(config.name)) : read_own_texts(config);
  if (!choice) return files;
  choice->choose(files.train);
  if (files.valid) choice->apply(*files.valid);
  if (files.test) choice->apply(*files.test);
  return files;
}

TextParts split_texts(const DataConfig& config, TextFileSet files, uint64_t seed) {
  const TextRows& all = files.train;
  const RowSplit split = split_rows({all.name, all.rows(), all.targets_N, all.classes,
                                     files.valid.has_value(), files.test.has_value()},
                                    config, seed);
  TextParts parts;
  if (!files.valid)
    parts.valid = select_rows(all, split.valid_N);
  else if (config.validation == 0)
    parts.valid = select_rows(all, at::empty({0}, at::kLong));
  else
    parts.valid = std::move(*files.valid);
  parts.test = files.test ? std::move(*files.test) : select_rows(all, split.test_N);
  parts.train = select_rows(all, split.train_N);
  return parts;
}

}  // namespace moestro
