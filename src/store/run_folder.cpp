#include "moestro/store/run_folder.h"

#include <algorithm>
#include <sstream>
#include <system_error>
#include <utility>
#include <vector>

#include "moestro/core/error.h"

namespace moestro {

namespace fs = std::filesystem;

namespace {

std::vector<fs::path> entries_of(const fs::path& folder) {
  std::error_code failed;
  fs::directory_iterator iterator(folder, failed);
  if (failed) fail_with_errno("read folder", folder, failed.value());
  std::vector<fs::path> entries;
  for (const auto& entry : iterator) entries.push_back(entry.path());
  return entries;
}

bool holds_nothing(const fs::path& folder) {
  std::vector<fs::path> entries = entries_of(folder);
  return std::all_of(entries.begin(), entries.end(), is_temporary);
}

bool is_inside(const fs::path& path, const fs::path& folder) {
  auto [end, unused] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  return end == folder.end();
}

// What marks a run folder goes last: a kill in between leaves a folder that --force still replaces.
void empty_run_folder(const fs::path& folder, const fs::path& recipe) {
  if (is_inside(fs::current_path(), fs::canonical(folder)))
    throw UserError("{} holds the working folder; --force does not replace it", folder.string());
  std::vector<fs::path> entries = entries_of(folder);
  std::stable_partition(entries.begin(), entries.end(),
                        [&](const fs::path& entry) { return entry != recipe; });
  for (const fs::path& entry : entries) {
    std::error_code failed;
    fs::remove_all(entry, failed);
    if (failed) fail_with_errno("remove", entry, failed.value());
  }
}

void make_folder(const fs::path& path) {
  std::error_code failed;
  fs::create_directories(path, failed);
  if (failed) fail_with_errno("create folder", path, failed.value());
}

void check_folder(const fs::path& path) {
  std::error_code failed;
  fs::file_status status = fs::status(path, failed);
  if (status.type() == fs::file_type::none) fail_with_errno("open folder", path, failed.value());
  if (fs::exists(status) && !fs::is_directory(status))
    throw UserError("{} is a file, expected a folder", path.string());
}

void check_run_folder(const fs::path& path) {
  if (!is_run_folder(path))
    throw UserError("{} is not a run folder: neither recipe.toml nor manifest.json is in it",
                    path.string());
}

}  // namespace

RunFolder::RunFolder(fs::path path) : path_(std::move(path)) {
  if (!path_.has_filename()) path_ = path_.parent_path();  // "runs/x/"
}

RunFolder RunFolder::create(const fs::path& path, bool force) {
  RunFolder run(path);
  check_folder(run.path_);
  make_folder(run.path_);
  run.lock();
  check_free(path, force);
  if (holds_nothing(run.path_))
    remove_temporaries(run.path_);
  else
    empty_run_folder(run.path_, run.recipe_path());
  return run;
}

void RunFolder::check_free(const fs::path& path, bool force) {
  const RunFolder run(path);
  check_folder(run.path_);
  if (!fs::exists(run.path_) || holds_nothing(run.path_)) return;
  if (!force)
    throw UserError("{} exists; use --force to replace it or --resume to go on", path.string());
  if (!is_run_folder(run.path_))
    throw UserError("{} is not a run folder; --force replaces only those", path.string());
}

RunFolder RunFolder::resume(const fs::path& path) {
  RunFolder run(path);
  check_folder(run.path_);
  make_folder(run.path_);
  run.lock();
  if (!holds_nothing(run.path_)) check_run_folder(run.path_);
  remove_temporaries(run.path_);
  return run;
}

RunFolder RunFolder::open(const fs::path& path) {
  RunFolder run(path);
  check_folder(run.path_);
  if (!fs::exists(run.path_)) throw UserError("{}: no such run folder", path.string());
  check_run_folder(run.path_);
  return run;
}

std::string RunFolder::name() const {
  fs::path full = fs::absolute(path_ / "").lexically_normal();  // "." and ".." have names too
  return full.parent_path().filename();
}

std::optional<std::string> RunFolder::recipe_difference(const std::string& recipe) const {
  if (!has_recipe()) return {};
  std::istringstream a(recipe), b(read_file(recipe_path()));
  std::string line_a, line_b;
  while (true) {
    const bool more_a = !!std::getline(a, line_a), more_b = !!std::getline(b, line_b);
    if (!more_a && !more_b) return {};
    if (!more_a) line_a = "(nothing)";
    if (!more_b) line_b = "(nothing)";
    if (line_a != line_b) return line_a + ", there: " + line_b;
  }
}

bool RunFolder::has_recipe() const {
  return fs::is_regular_file(recipe_path());
}

bool RunFolder::is_finished() const {
  return fs::exists(manifest_path()) && manifest().status == RunStatus::finished;
}

void RunFolder::check_finished(const std::string& where) const {
  if (!is_finished())
    throw UserError("{}: the run is not finished; expected a finished one", where);
}

void RunFolder::lock() {
  lock_ = std::make_shared<File>(File::folder(path_));
  if (!lock_->try_lock())
    throw UserError("{}: another process is writing this run; wait for it or stop it",
                    path_.string());
}

bool is_run_folder(const fs::path& path) {
  std::error_code unreadable;
  return fs::is_regular_file(path / "recipe.toml", unreadable) ||
         fs::is_regular_file(path / "manifest.json", unreadable);
}

}  // namespace moestro
