// A run folder while a run is written into it: who may go on with it, and how the run stands.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "moestro/store/run_folder.h"

namespace moestro {

// Throws UserError where the run in `out` has another recipe than this one; true where it is
// finished, and whole (asked of finished runs alone).
bool nothing_left(
    const std::filesystem::path& out, const std::string& recipe,
    const std::function<bool()>& is_whole = [] { return true; });

class RunWriter {
 public:
  // Throws as RunFolder::create() and resume().
  RunWriter(const std::filesystem::path& out, bool resume, bool force);

  const RunFolder& folder() const { return folder_; }
  const Manifest& manifest() const { return manifest_; }

  // Writes recipe and manifest; a run that is resumed keeps the day it was begun.
  void begin(Manifest manifest, const std::string& recipe);
  // Does the work, and writes down how it ended: whatever it throws goes on its way.
  void finish(const std::function<void()>& work);

 private:
  void end(RunStatus status);
  void end_quietly();

  RunFolder folder_;
  Manifest manifest_;
  bool resumed_;
};

}  // namespace moestro
