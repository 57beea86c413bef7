#include "moestro/core/progress.h"

#include <algorithm>
#include <cstdio>

#include <sys/ioctl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "moestro/core/log.h"

namespace moestro {
namespace {

constexpr std::chrono::milliseconds kTerminalInterval{100};
constexpr int64_t kBarWidth = 24, kLeastBarWidth = 8;

int64_t terminal_columns() {
  winsize size = {};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

bool starts_character(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
}

int64_t columns_of(const std::string& utf8) {
  return std::count_if(utf8.begin(), utf8.end(), starts_character);
}

std::string cut(const std::string& utf8, int64_t columns) {
  std::string text;
  for (const char c : utf8) {
    if (starts_character(c) && columns-- <= 0) break;
    text += c;
  }
  return text;
}

std::string bar(int64_t done, int64_t total, int64_t width) {
  const int64_t filled = total > 0 ? std::clamp<int64_t>(done * width / total, 0, width) : 0;
  std::string text;
  for (int64_t i = 0; i < width; ++i) text += i < filled ? "━" : "╌";
  return text;
}

// A bar as wide as the words leave room for: a line that wraps could not be wiped.
std::string fitted(int64_t done, int64_t total, const std::string& words) {
  const int64_t room = terminal_columns() - 1;
  const int64_t width = std::min(kBarWidth, room - columns_of(words) - 1);
  return width < kLeastBarWidth ? cut(words, room) : bar(done, total, width) + " " + words;
}

std::string rate_text(double rate) {
  return rate >= 100 ? fmt::format("{:.0f}", rate)
         : rate >= 1 ? fmt::format("{:.1f}", rate)
                     : fmt::format("{:.2g}", rate);
}

}  // namespace

std::string duration_text(double seconds) {
  const auto whole = static_cast<int64_t>(std::max(seconds, 0.) + .5);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

Progress::Progress(std::string label, int64_t total, std::string unit,
                   std::chrono::milliseconds plain_interval)
    : label_(std::move(label)),
      unit_(std::move(unit)),
      total_(total),
      start_(Clock::now()),
      drawn_(start_),
      terminal_(stderr_is_terminal()),
      silent_(log_level() == LogLevel::quiet),
      interval_(terminal_ ? kTerminalInterval : plain_interval) {}

Progress::~Progress() {
  finish();
}

void Progress::label(std::string label) {
  label_ = std::move(label);
}

void Progress::advance(int64_t done, const std::string& detail) {
  const auto now = Clock::now();
  done_ = done;
  detail_ = detail;
  if (!first_) first_ = done, start_ = now;
  if (silent_ || now - drawn_ < interval_) return;
  drawn_ = now;
  if (!terminal_) {
    log_info("{}", words(now));
    return;
  }
  std::fputs(fmt::format("\r\033[K{}", fitted(done_, total_, words(now))).c_str(), stderr);
  visible_ = true;
}

std::string Progress::words(Clock::time_point now) const {
  std::string text = fmt::format("{}, {}/{} {}", label_, done_, total_, unit_);
  const double seconds = std::chrono::duration<double>(now - start_).count();
  if (const auto gained = static_cast<double>(done_ - *first_); gained > 0 && seconds > 0) {
    const double rate = gained / seconds;
    text += fmt::format(", {} {}/s, {} left", rate_text(rate), unit_,
                        duration_text(static_cast<double>(total_ - done_) / rate));
  }
  return detail_.empty() ? text : text + ", " + detail_;
}

void Progress::finish() {
  if (visible_) std::fputs("\r\033[K", stderr);
  visible_ = false;
}

}  // namespace moestro
