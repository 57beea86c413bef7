#include "moestro/store/manifest.h"

#include <array>
#include <ctime>
#include <utility>

#include <nlohmann/json.hpp>

#include "moestro/core/error.h"
#include "moestro/store/json_file.h"

namespace moestro {

namespace fs = std::filesystem;

namespace {

constexpr std::array<std::pair<RunStatus, std::string_view>, 4> kStatuses = {{
    {RunStatus::running, "running"},
    {RunStatus::finished, "finished"},
    {RunStatus::interrupted, "interrupted"},
    {RunStatus::failed, "failed"},
}};

template <typename T>
T value_of(const nlohmann::json& json, const char* key, const char* expected,
           const fs::path& path) {
  auto found = json.find(key);
  if (found == json.end()) throw UserError("{}: key \"{}\" is missing", path.string(), key);
  try {
    return found->get<T>();
  } catch (const nlohmann::json::exception&) {
    throw UserError("{}: key \"{}\" is {}, expected {}", path.string(), key, found->type_name(),
                    expected);
  }
}

RunStatus status_of(const std::string& text, const fs::path& path) {
  for (const auto& [status, name] : kStatuses) {
    if (name == text) return status;
  }
  throw UserError("{}: key \"status\" is \"{}\", expected running, finished, interrupted or failed",
                  path.string(), text);
}

}  // namespace

std::string_view run_status_name(RunStatus status) {
  for (const auto& [candidate, name] : kStatuses) {
    if (candidate == status) return name;
  }
  MOESTRO_CHECK(false, "status {}", static_cast<int>(status));
}

Manifest read_manifest(const fs::path& path) {
  nlohmann::json json = read_json_file(path);
  if (!json.is_object())
    throw UserError("{}: {}, expected an object", path.string(), json.type_name());
  auto text = [&](const char* key) { return value_of<std::string>(json, key, "a text", path); };
  auto integer = [&](const char* key) { return value_of<int64_t>(json, key, "an integer", path); };
  Manifest manifest;
  manifest.version = text("version");
  manifest.seed = integer("seed");
  manifest.device = text("device");
  manifest.threads = integer("threads");
  manifest.data_digest = text("data_digest");
  if (json.contains("teacher_digest")) manifest.teacher_digest = text("teacher_digest");
  manifest.started = text("started");
  manifest.finished = text("finished");
  manifest.status = status_of(text("status"), path);
  return manifest;
}

void write_manifest(const fs::path& path, const Manifest& manifest) {
  nlohmann::ordered_json json = {{"version", manifest.version},
                                 {"seed", manifest.seed},
                                 {"device", manifest.device},
                                 {"threads", manifest.threads},
                                 {"data_digest", manifest.data_digest}};
  if (!manifest.teacher_digest.empty()) json["teacher_digest"] = manifest.teacher_digest;
  json.update({{"started", manifest.started},
               {"finished", manifest.finished},
               {"status", std::string(run_status_name(manifest.status))}});
  write_json_file(path, json);
}

std::string utc_now() {
  std::time_t now = std::time(nullptr);
  std::tm parts = {};
  gmtime_r(&now, &parts);
  char text[sizeof "2026-03-14T15:09:26Z"];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

}  // namespace moestro
