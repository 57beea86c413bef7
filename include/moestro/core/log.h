// The logger, the only singleton: human output on stderr, results stay on stdout.
#pragma once

#include <string>
#include <string_view>

#include <fmt/format.h>

namespace moestro {

enum class LogLevel { quiet, info, verbose };

void set_log_level(LogLevel level);
LogLevel log_level();

// A terminal that understands control sequences (TERM is set, and not to dumb).
bool stderr_is_terminal();

// "warning: ..." also under quiet; colour on a terminal only (and not where NO_COLOR is set).
void log_line(LogLevel level, std::string_view line);
void log_warning_line(std::string_view line);
void log_error_line(std::string_view line);  // "error: ..."

template <typename... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::info, fmt::format(format, std::forward<Args>(args)...));
}

template <typename... Args>
void log_verbose(fmt::format_string<Args...> format, Args&&... args) {
  if (log_level() == LogLevel::verbose)
    log_line(LogLevel::verbose, fmt::format(format, std::forward<Args>(args)...));
}

template <typename... Args>
void log_warning(fmt::format_string<Args...> format, Args&&... args) {
  log_warning_line(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace moestro
