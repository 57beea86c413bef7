#include "run_writer.h"

#include "moestro/core/error.h"
#include "moestro/core/log.h"
#include "moestro/core/version.h"
#include "moestro/store/atomic_file.h"

namespace moestro {

bool nothing_left(const std::filesystem::path& out, const std::string& recipe,
                  const std::function<bool()>& is_whole) {
  if (!is_run_folder(out)) return false;
  const RunFolder folder = RunFolder::open(out);
  if (const auto difference = folder.recipe_difference(recipe))
    throw UserError(
        "{}: the run there has another recipe; expected the same to --resume (here: {})",
        out.string(), *difference);
  if (!folder.is_finished() || !is_whole()) return false;
  log_info("{}: the run is finished, nothing to do", out.string());
  return true;
}

RunWriter::RunWriter(const std::filesystem::path& out, bool resume, bool force)
    : folder_(resume ? RunFolder::resume(out) : RunFolder::create(out, force)), resumed_(resume) {}

void RunWriter::begin(Manifest manifest, const std::string& recipe) {
  std::error_code none;
  const bool begun = resumed_ && std::filesystem::exists(folder_.manifest_path(), none);
  manifest_ = std::move(manifest);
  manifest_.version = version();
  manifest_.started = begun ? folder_.manifest().started : utc_now();
  folder_.write(manifest_);
  write_atomically(folder_.recipe_path(), recipe);
}

void RunWriter::finish(const std::function<void()>& work) {
  try {
    work();
    end(RunStatus::finished);
  } catch (const Interrupted&) {
    end(RunStatus::interrupted);
    throw;
  } catch (...) {
    end_quietly();
    throw;
  }
}

void RunWriter::end(RunStatus status) {
  manifest_.finished = utc_now();
  manifest_.status = status;
  folder_.write(manifest_);
}

// While an error is on its way: a full disk must not hide it behind a second one.
void RunWriter::end_quietly() {
  try {
    end(RunStatus::failed);
  } catch (const std::exception& second) {
    log_warning("{}", second.what());
  }
}

}  // namespace moestro
