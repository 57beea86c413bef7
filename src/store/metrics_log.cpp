#include "moestro/store/metrics_log.h"

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "moestro/core/error.h"
#include "moestro/core/log.h"
#include "moestro/store/atomic_file.h"

namespace moestro {

namespace fs = std::filesystem;

namespace {

bool has_step(const nlohmann::json& record) {
  return record.is_object() && record.contains("step") && record["step"].is_number_integer();
}

std::optional<nlohmann::json> parse_record(std::string_view line) {
  nlohmann::json record = nlohmann::json::parse(line, nullptr, false);
  if (record.is_discarded() || !has_step(record)) return std::nullopt;
  return record;
}

// Takes the next line, without its end, off the text; nothing when only a half-written one is left.
std::optional<std::string_view> next_line(std::string_view& text) {
  std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

std::string lines_up_to(const std::string& text, int64_t last_step, const fs::path& path) {
  std::string kept;
  std::string_view rest = text;
  for (int number = 1; auto line = next_line(rest); ++number) {
    auto record = parse_record(*line);
    if (!record) {
      log_warning("{}:{}: not a metrics record; dropped from here on", path.string(), number);
      break;
    }
    if (record->at("step").get<int64_t>() <= last_step) kept.append(*line).push_back('\n');
  }
  return kept;
}

File open_trimmed(const fs::path& path, int64_t last_step) {
  if (fs::exists(path)) {
    std::string text = read_file(path);
    std::string kept = lines_up_to(text, last_step, path);
    if (kept != text) write_atomically(path, kept);
  }
  return File::append(path);
}

}  // namespace

MetricsLog::MetricsLog(const fs::path& path, int64_t last_step)
    : file_(open_trimmed(path, last_step)) {}

void MetricsLog::append(const nlohmann::json& record) {
  MOESTRO_CHECK(has_step(record), "{}", file_.path().string());
  file_.write(record.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

void MetricsLog::sync() {
  file_.sync();
}

std::vector<nlohmann::json> read_metrics(const fs::path& path) {
  std::vector<nlohmann::json> records;
  if (!fs::exists(path)) return records;
  std::string text = read_file(path);
  std::string_view rest = text;
  for (int number = 1; auto line = next_line(rest); ++number) {
    auto record = parse_record(*line);
    if (!record)
      throw UserError("{}:{}: not a metrics record, expected an object with an integer \"step\"",
                      path.string(), number);
    records.push_back(std::move(*record));
  }
  return records;
}

}  // namespace moestro
