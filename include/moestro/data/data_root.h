// Where data sets lie: a named set in a folder of its name below one of the roots.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "moestro/data/named_sets.h"

namespace moestro {

// Searched in this order: `option` (--data-root, where given), $MOESTRO_DATA (where set), ./data,
// the system's packages in /usr/share/datasets. Throws UserError where `option` is given and is no
// folder.
std::vector<std::filesystem::path> data_roots(const std::filesystem::path& option);

struct LocatedSet {
  std::filesystem::path folder;
  std::vector<std::filesystem::path> train, valid, test;  // as NamedSet's files
};

// The first root that has all files of the set, in ROOT/NAME (or the set's own name for its folder)
// or, for a system package unpacked below the root, in ROOT/usr/share/datasets/NAME.
std::optional<LocatedSet> find_set(const NamedSet& set,
                                   const std::vector<std::filesystem::path>& roots);

// The same; throws UserError saying which file was looked for where, and where to get it.
LocatedSet require_set(const NamedSet& set, const std::vector<std::filesystem::path>& roots);

// FOLDER/NAME or FOLDER/NAME.gz for the first name that is there.
std::optional<std::filesystem::path> find_file(const std::filesystem::path& folder,
                                               const NamedSet::FileNames& names);

}  // namespace moestro
