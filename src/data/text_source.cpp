#include "moestro/data/text_source.h"

#include <algorithm>

#include "moestro/core/error.h"
#include "moestro/core/log.h"
#include "moestro/core/suggest.h"
#include "moestro/data/data_root.h"
#include "moestro/data/text_encoding.h"
#include "moestro/data/text_file.h"
#include "moestro/store/digest.h"

namespace moestro {
namespace fs = std::filesystem;
namespace {

std::shared_ptr<const Tokenizer> train_tokenizer(const TextRows& train, int64_t vocabulary) {
  std::vector<std::string> texts = train.translations;
  for (const std::vector<std::string>& row : train.texts)
    texts.insert(texts.end(), row.begin(), row.end());
  return Tokenizer::train(texts, vocabulary);
}

std::string count_text(int64_t texts) {
  return texts == 1 ? "1 text" : fmt::format("{} texts", texts);
}

std::string described(const TextLayout& layout) {
  if (layout.format != "parallel") return "labelled texts";
  return fmt::format("pairs of {}", joined(layout.languages, " to "));
}

TextRows read_new_path(const TextRecord& record, const fs::path& path, Targets targets) {
  std::error_code ignored;
  const bool there = fs::is_regular_file(path, ignored);
  const bool plain = targets == Targets::optional &&
                     (is_named_as_text(path) || (record.is_translation() && there));
  if (plain && record.texts_a_row() > 1)
    throw UserError("{}: one text a line; expected {} texts a row, as the run was trained on",
                    path.string(), record.texts_a_row());
  if (plain) {
    TextRows rows = read_plain_texts(path, record.layout.encoding);
    // A file with labels may well end in .txt, and its labels would be words of its texts.
    if (!record.is_translation())
      log_info("{}: read as one text a line, without labels; under another name than .txt as {}",
               path.string(), record.layout.format);
    return rows;
  }
  if (record.is_translation())
    return read_texts(parallel_files(path.string(), record.layout.languages), record, targets);
  return read_texts({path}, record, targets);
}

TextRows read_new_named(const DataRecord& record, const NamedSet& set, const fs::path& root) {
  if (set.kind != NamedSet::Kind::text)
    throw UserError("{} holds no texts; the run was trained on texts", set.name);
  if (set.test_files.empty() && set.name == record.name)
    throw UserError(
        "{} has no test files and the run was trained on its rows; leave the name out to use the "
        "rows that the run held out",
        set.name);
  TextFileSet files = read_named_texts(set, require_set(set, data_roots(root)));
  if (files.record.layout.languages != record.text->layout.languages)
    throw UserError("{} holds {}; the run was trained on {}", set.name,
                    described(files.record.layout), described(record.text->layout));
  TextRows rows = std::move(files.test ? *files.test : files.train);
  const auto texts = static_cast<int64_t>(rows.texts.at(0).size());
  if (texts != record.text->texts_a_row())
    throw UserError("{} has {} in a row; expected {}, as the run was trained on", set.name,
                    count_text(texts), count_text(record.text->texts_a_row()));
  if (!rows.parallel)
    rows.targets_N =
        map_classes(set.name, rows.targets_N, rows.class_names, record.file_class_names());
  rows.classes = record.file_classes();
  rows.class_names = record.file_class_names();
  return rows;
}

}  // namespace

DataSource load_texts(const DataConfig& config, TextFileSet files, uint64_t seed,
                      std::shared_ptr<const Tokenizer> tokenizer) {
  DataSource source;
  source.test_is_split = !files.test;
  TextRecord record = std::move(files.record);
  const TextParts parts = split_texts(config, std::move(files), seed);
  if (!tokenizer)
    tokenizer = config.tokenizer.empty() ? train_tokenizer(parts.train, config.vocabulary)
                                         : Tokenizer::load(config.tokenizer);
  source.train = encode_texts(parts.train, *tokenizer, config.longest, "training",
                              /*leave_out_long=*/parts.train.parallel);
  source.valid = encode_texts(parts.valid, *tokenizer, config.longest, "validation");
  source.test = encode_texts(parts.test, *tokenizer, config.longest, "test");
  source.text = std::move(record);
  source.text->longest = config.longest;
  source.text->vocabulary = tokenizer->vocabulary();
  source.text->tokenizer_digest = sha256_hex(tokenizer->model());
  source.tokenizer = std::move(tokenizer);
  return source;
}

Dataset load_new_texts(const DataRecord& record, const std::string& what, const fs::path& root,
                       Targets targets, const std::shared_ptr<const Tokenizer>& tokenizer) {
  MOESTRO_CHECK(record.text && tokenizer);
  if (tokenizer->vocabulary() != record.text->vocabulary)
    throw UserError(
        "the run's tokenizer has {} pieces; expected {}, as the run was trained with (another "
        "run's file?)",
        tokenizer->vocabulary(), record.text->vocabulary);
  const TextRows rows = is_named_set(what) ? read_new_named(record, named_set(what), root)
                                           : read_new_path(*record.text, what, targets);
  return encode_texts(rows, *tokenizer, record.text->longest, "new");
}

}  // namespace moestro
