// A set of texts as its files have it, before any split.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

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

// Whether [data] is about texts.
bool holds_texts(const DataConfig& config);

// PREFIX.en and PREFIX.de (or with .gz) for the languages en and de. Throws UserError for what is
// not there.
std::vector<std::filesystem::path> parallel_files(const std::string& prefix,
                                                  const std::vector<std::string>& languages);

}  // namespace moestro
