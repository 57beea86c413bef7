#include "moestro/store/event_file.h"

#include <bit>
#include <chrono>
#include <string>

#include <fmt/format.h>

#include "moestro/store/crc32c.h"

namespace moestro {

namespace fs = std::filesystem;

namespace {

// Protocol buffer wire types, and the field numbers of Event, Summary, Summary.Value and
// SessionLog.
enum Wire : int { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };
enum EventField : int { kWallTime = 1, kStep = 2, kFileVersion = 3, kSummary = 5, kSessionLog = 7 };
constexpr int kSummaryValue = 1, kValueTag = 1, kValueSimple = 2;
constexpr int kSessionStatus = 1, kSessionStart = 1;

template <typename T>
std::string little_endian(T value) {
  std::string bytes;
  for (std::size_t i = 0; i < sizeof value; ++i)
    bytes.push_back(static_cast<char>(value >> (8 * i) & 255));
  return bytes;
}

std::string varint(uint64_t value) {
  std::string bytes;
  for (; value >= 128; value >>= 7) bytes.push_back(static_cast<char>((value & 127) | 128));
  bytes.push_back(static_cast<char>(value));
  return bytes;
}

std::string tagged(int field, Wire wire, std::string_view content) {
  return varint(static_cast<uint64_t>(field) << 3 | wire).append(content);
}

std::string message(int field, std::string_view content) {
  return tagged(field, kBytes, varint(content.size()).append(content));
}

std::string event(int64_t step, std::string_view what) {
  std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
  std::string bytes =
      tagged(kWallTime, kFixed64, little_endian(std::bit_cast<uint64_t>(now.count())));
  bytes += tagged(kStep, kVarint, varint(static_cast<uint64_t>(step)));
  return bytes.append(what);
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
  write_record(event(0, message(kFileVersion, "brain.Event:2")));
  if (first_step > 0) {
    std::string start = tagged(kSessionStatus, kVarint, varint(kSessionStart));
    write_record(event(first_step, message(kSessionLog, start)));
  }
}

void EventFile::scalar(std::string_view tag, double value, int64_t step) {
  uint32_t bits = std::bit_cast<uint32_t>(static_cast<float>(value));
  std::string content =
      message(kValueTag, tag) + tagged(kValueSimple, kFixed32, little_endian(bits));
  write_record(event(step, message(kSummary, message(kSummaryValue, content))));
}

void EventFile::write_record(std::string_view event) {
  std::string length = little_endian(uint64_t{event.size()});
  std::string record = length + little_endian(masked_crc32c(length));
  record.append(event).append(little_endian(masked_crc32c(event)));
  file_.write(record);
}

}  // namespace moestro
