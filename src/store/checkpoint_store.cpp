#include "moestro/store/checkpoint_store.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "moestro/core/error.h"
#include "moestro/core/log.h"
#include "moestro/store/digest.h"
#include "moestro/store/file.h"

namespace moestro {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kPrefix = "step-", kSuffix = ".safetensors";
constexpr const char* kBestStep = "moestro.best_step";
constexpr const char* kState = "moestro.state";

std::optional<int64_t> whole_number(std::string_view text) {
  int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

std::optional<int64_t> step_of(const fs::path& path) {
  std::string name = path.filename().string();
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return std::nullopt;
  return whole_number(
      std::string_view(name).substr(kPrefix.size(), name.size() - kPrefix.size() - kSuffix.size()));
}

Checkpoint read_checkpoint(int64_t step, const fs::path& path) {
  SafetensorsFile file(path);
  auto best = file.metadata().find(kBestStep);
  auto state = file.metadata().find(kState);
  if (best == file.metadata().end() || state == file.metadata().end() ||
      !whole_number(best->second))
    throw UserError("{}: not a checkpoint: {} or {} is missing in its metadata", path.string(),
                    kBestStep, kState);
  return {step, *whole_number(best->second), state->second, std::move(file)};
}

void remove_file(const fs::path& path) {
  std::error_code failed;
  fs::remove(path, failed);
  if (failed) fail_with_errno("remove", path, failed.value());
}

// A kill between writing or removing a checkpoint's two files leaves a digest alone, which is
// litter; a file without its digest would look damaged.
void remove_lone_digests(const fs::path& folder) {
  for (const auto& entry : fs::directory_iterator(folder)) {
    fs::path checkpoint = entry.path().parent_path() / entry.path().stem();
    if (entry.path() == digest_path(checkpoint) && step_of(checkpoint) && !fs::exists(checkpoint))
      remove_file(entry.path());
  }
}

}  // namespace

CheckpointStore::CheckpointStore(fs::path folder, int64_t keep)
    : folder_(std::move(folder)), keep_(keep) {
  MOESTRO_CHECK(keep >= 1, "keep {}", keep);
}

fs::path CheckpointStore::path(int64_t step) const {
  return folder_ / fmt::format("{}{:08}{}", kPrefix, step, kSuffix);
}

std::vector<int64_t> CheckpointStore::steps() const {
  std::vector<int64_t> steps;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder_, failed)) {
    if (auto step = step_of(entry.path())) steps.push_back(*step);
  }
  if (failed && failed != std::errc::no_such_file_or_directory)
    fail_with_errno("read folder", folder_, failed.value());
  std::sort(steps.begin(), steps.end());
  return steps;
}

void CheckpointStore::save(int64_t step, int64_t best_step, const NamedTensors& tensors,
                           const std::string& state) const {
  MOESTRO_CHECK(0 <= best_step && best_step <= step, "best step {} at step {}", best_step, step);
  std::error_code failed;
  fs::create_directories(folder_, failed);
  if (failed) fail_with_errno("create folder", folder_, failed.value());
  remove_temporaries(folder_);
  AtomicFile file(path(step));
  std::string digest =
      write_safetensors(file, tensors, {{kBestStep, std::to_string(best_step)}, {kState, state}});
  write_digest(path(step), digest);
  file.commit();
  prune(step);
}

void CheckpointStore::prune(int64_t newest) const {
  std::vector<int64_t> present = steps();
  std::vector<int64_t> older;
  for (int64_t step : present) {
    if (step <= newest) older.push_back(step);
  }
  std::size_t surplus = older.size() - std::min<std::size_t>(older.size(), keep_);
  std::set<int64_t> needed(older.begin() + surplus, older.end());
  for (std::size_t i = surplus; i < older.size(); ++i) {
    try {
      needed.insert(read_checkpoint(older[i], path(older[i])).best_step);
    } catch (const UserError& error) {
      log_warning("{}", error.what());
    }
  }
  for (int64_t step : present) {
    if (!needed.count(step)) remove_file(path(step));
  }
  remove_lone_digests(folder_);
}

std::optional<Checkpoint> CheckpointStore::latest(Damaged damaged) const {
  std::vector<int64_t> present = steps();
  for (auto step = present.rbegin(); step != present.rend(); ++step) {
    if (verify_digest(path(*step))) return read_checkpoint(*step, path(*step));
    if (damaged == Damaged::refused)
      throw UserError("{} is damaged; expected it whole, or the run trained again",
                      path(*step).string());
    log_warning("{}: damaged or half written; looking for an older checkpoint",
                path(*step).string());
  }
  return std::nullopt;
}

std::optional<Checkpoint> CheckpointStore::best() const {
  std::optional<Checkpoint> newest = latest();
  if (!newest || newest->best_step == newest->step) return newest;
  fs::path file = path(newest->best_step);
  if (!verify_digest(file))
    throw UserError("{}: the best checkpoint is damaged or gone; {} is the latest good one",
                    file.string(), newest->file.path().filename().string());
  return read_checkpoint(newest->best_step, file);
}

}  // namespace moestro
