#include "moestro/store/event_file.h"

#include <chrono>
#include <string>

#include <fmt/format.h>

#include "little_endian.h"
#include "moestro/store/crc32c.h"
#include "moestro/store/protobuf.h"

namespace moestro {

namespace fs = std::filesystem;

namespace {

// Field numbers of Event, Summary, Summary.Value and SessionLog.
enum EventField : int { kWallTime = 1, kStep = 2, kFileVersion = 3, kSummary = 5, kSessionLog = 7 };
constexpr int kSummaryValue = 1, kValueTag = 1, kValueSimple = 2;
constexpr int kSessionStatus = 1, kSessionStart = 1;

ProtobufMessage event(int64_t step) {
  std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
  return ProtobufMessage().real64(kWallTime, now.count()).integer(kStep, step);
}

// Viewers read the files of a folder in the order of their names.
File next_file(const fs::path& folder) {
  int count = 0;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder, failed))
    count += entry.path().filename().string().starts_with("events.out.tfevents.");
  if (failed) fail_with_errno("read folder", folder, failed.value());
  auto now = std::chrono::system_clock::now().time_since_epoch();
  auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now).count();
  return File::append(folder /
                      fmt::format("events.out.tfevents.{:010}.{:04}.moestro", seconds, count));
}

}  // namespace

EventFile::EventFile(const fs::path& folder, int64_t first_step) : file_(next_file(folder)) {
  write_record(event(0).text(kFileVersion, "brain.Event:2").bytes());
  if (first_step > 0) {
    const auto start = ProtobufMessage().integer(kSessionStatus, kSessionStart);
    write_record(event(first_step).message(kSessionLog, start).bytes());
  }
}

void EventFile::scalar(std::string_view tag, double value, int64_t step) {
  const auto content =
      ProtobufMessage().text(kValueTag, tag).real32(kValueSimple, static_cast<float>(value));
  const auto summary = ProtobufMessage().message(kSummaryValue, content);
  write_record(event(step).message(kSummary, summary).bytes());
}

void EventFile::write_record(std::string_view event) {
  std::string length = little_endian(uint64_t{event.size()});
  std::string record = length + little_endian(masked_crc32c(length));
  record.append(event).append(little_endian(masked_crc32c(event)));
  file_.write(record);
}

}  // namespace moestro
