// A set of texts as its files have it, before any split.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "moestro/data/class_choice.h"
#include "moestro/data/config.h"
#include "moestro/data/data_root.h"
#include "moestro/data/text_rows.h"

namespace moestro {

struct TextFileSet {
  TextRows train;
  std::optional<TextRows> valid, test;  // where there are such files
  TextRecord record;                    // vocabulary and longest are not known yet
};

// A named set of texts, or data.path and so on. As read_named_set and read_own_set they throw
// UserError.
TextFileSet read_named_texts(const NamedSet& set, const LocatedSet& files);
TextFileSet read_own_texts(const DataConfig& config);

// What [data] is about, the one or the other: rows of the chosen classes alone, whose names
// `choice` takes over. root: --data-root, may be empty.
TextFileSet read_text_files(const DataConfig& config, const std::filesystem::path& root,
                            std::optional<ClassChoice>& choice);

struct TextParts {
  TextRows train, valid, test;  // valid may be empty
};

// Rows of the set's own for validation and test, where there are such files; otherwise data.test
// and data.validation held out by seed. data.validation = 0: no validation rows. Throws UserError
// as split_rows.
TextParts split_texts(const DataConfig& config, TextFileSet files, uint64_t seed);

// Whether [data] is about texts.
bool holds_texts(const DataConfig& config);

// PREFIX.en and PREFIX.de (or with .gz) for the languages en and de. Throws UserError for what is
// not there.
std::vector<std::filesystem::path> parallel_files(const std::string& prefix,
                                                  const std::vector<std::string>& languages);

}  // namespace moestro
