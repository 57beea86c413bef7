#include "moestro/core/log.h"

#include <cstdio>
#include <cstdlib>
#include <mutex>

#include <unistd.h>

namespace moestro {
namespace {

struct Logger {
  std::mutex mutex;
  LogLevel level = LogLevel::info;
};

Logger& logger() {
  static Logger instance;
  return instance;
}

bool coloured() {
  return stderr_is_terminal() && std::getenv("NO_COLOR") == nullptr;
}

void write(std::string_view tag, const char* colour, std::string_view line) {
  const std::lock_guard lock(logger().mutex);
  // On a terminal a progress bar may stand in the line: wipe it first.
  if (stderr_is_terminal()) std::fputs("\r\033[K", stderr);
  const std::string text = coloured() && *colour ? fmt::format("{}{}\033[0m{}\n", colour, tag, line)
                                                 : fmt::format("{}{}\n", tag, line);
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

}  // namespace

void set_log_level(LogLevel level) {
  logger().level = level;
}
LogLevel log_level() {
  return logger().level;
}

bool stderr_is_terminal() {
  const char* kind = std::getenv("TERM");
  return isatty(STDERR_FILENO) == 1 && kind && std::string_view(kind) != "dumb";
}

void log_line(LogLevel level, std::string_view line) {
  if (level <= logger().level) write("", "", line);
}

void log_warning_line(std::string_view line) {
  write("warning: ", "\033[33m", line);
}
void log_error_line(std::string_view line) {
  write("error: ", "\033[31m", line);
}

}  // namespace moestro
