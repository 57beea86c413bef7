#include "moestro/data/data_root.h"

#include <cstdlib>

#include "moestro/core/error.h"
#include "moestro/core/suggest.h"

namespace moestro {
namespace fs = std::filesystem;
namespace {

constexpr const char* kSystemSets = "usr/share/datasets";

bool find_files(const fs::path& folder, const std::vector<NamedSet::FileNames>& wanted,
                std::vector<fs::path>& found) {
  for (const NamedSet::FileNames& names : wanted) {
    const std::optional<fs::path> file = find_file(folder, names);
    if (!file) return false;
    found.push_back(*file);
  }
  return true;
}

const std::string& folder_name(const NamedSet& set) {
  return set.folder.empty() ? set.name : set.folder;
}

std::vector<fs::path> candidate_folders(const std::string& name,
                                        const std::vector<fs::path>& roots) {
  std::vector<fs::path> folders;
  for (const fs::path& root : roots) {
    folders.push_back(root / name);
    folders.push_back(root / kSystemSets / name);
  }
  return folders;
}

// The nearest miss: a folder that is there and lacks a file, otherwise the first root.
fs::path missing_file(const NamedSet& set, const std::vector<fs::path>& roots) {
  std::vector<NamedSet::FileNames> wanted = set.train_files;
  for (const auto* files : {&set.valid_files, &set.test_files})
    wanted.insert(wanted.end(), files->begin(), files->end());
  std::error_code ignored;
  for (const fs::path& folder : candidate_folders(folder_name(set), roots))
    if (fs::is_directory(folder, ignored))
      for (const NamedSet::FileNames& names : wanted)
        if (!find_file(folder, names)) return folder / names[0];
  return roots[0] / folder_name(set) / wanted[0][0];
}

}  // namespace

std::vector<fs::path> data_roots(const fs::path& option) {
  std::vector<fs::path> roots;
  std::error_code ignored;
  if (!option.empty() && !fs::is_directory(option, ignored))
    throw UserError("--data-root {}: no such folder", option.string());
  if (!option.empty()) roots.push_back(option);
  if (const char* named = std::getenv("MOESTRO_DATA"); named && *named) roots.emplace_back(named);
  roots.emplace_back("data");
  roots.push_back(fs::path("/") / kSystemSets);
  return roots;
}

std::optional<fs::path> find_file(const fs::path& folder, const NamedSet::FileNames& names) {
  std::error_code ignored;
  for (const std::string& name : names)
    for (const char* ending : {"", ".gz"})
      if (const fs::path path = folder / (name + ending); fs::is_regular_file(path, ignored))
        return path;
  return {};
}

std::optional<LocatedSet> find_set(const NamedSet& set, const std::vector<fs::path>& roots) {
  for (const fs::path& folder : candidate_folders(folder_name(set), roots)) {
    LocatedSet located{folder, {}, {}, {}};
    if (find_files(folder, set.train_files, located.train) &&
        find_files(folder, set.valid_files, located.valid) &&
        find_files(folder, set.test_files, located.test))
      return located;
  }
  return {};
}

LocatedSet require_set(const NamedSet& set, const std::vector<fs::path>& roots) {
  MOESTRO_CHECK(!roots.empty());
  if (const std::optional<LocatedSet> located = find_set(set, roots)) return *located;
  std::vector<std::string> searched;
  for (const fs::path& root : roots) searched.push_back((root / folder_name(set)).string());
  throw UserError(
      "data set {} is not there: no {} (or .gz); searched {}; get it from {} into one of these, or "
      "say where it is with --data-root",
      set.name, missing_file(set, roots).string(), joined(searched), set.origin);
}

}  // namespace moestro
