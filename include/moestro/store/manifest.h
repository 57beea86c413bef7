// manifest.json of a run folder: what ran where, and how it ended.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace moestro {

enum class RunStatus { running, finished, interrupted, failed };

std::string_view run_status_name(RunStatus status);  // "running", ...

struct Manifest {
  std::string version;  // of Moestro
  int64_t seed = 0;
  std::string device;  // as describe_device() says
  int64_t threads = 0;
  std::string data_digest;     // of the training data
  std::string teacher_digest;  // of the weights of student.teacher; empty: none, or not known
  std::string started;         // utc_now()
  std::string finished;        // empty until the run ended, whichever way
  RunStatus status = RunStatus::running;
};

// Throws UserError "PATH: what; what was expected". Keys of later versions are ignored.
Manifest read_manifest(const std::filesystem::path& path);

void write_manifest(const std::filesystem::path& path, const Manifest& manifest);  // atomically

// Now, ISO 8601 in UTC: "2026-03-14T15:09:26Z".
std::string utc_now();

}  // namespace moestro
