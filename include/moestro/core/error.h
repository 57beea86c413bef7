// Errors: who can mend what went wrong decides the type, and the type decides the exit code.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace moestro {

// The caller can fix it: a bad key, file or value. One line: what, where, what was expected.
class UserError : public std::runtime_error {
 public:
  explicit UserError(const std::string& message) : std::runtime_error(message) {}
  template <typename... Args>
  explicit UserError(fmt::format_string<Args...> format, Args&&... args)
      : std::runtime_error(fmt::format(format, std::forward<Args>(args)...)) {}
};

// The machine failed: disk full, folder not writable, out of memory, a loss that is not finite.
class SystemError : public std::runtime_error {
 public:
  explicit SystemError(const std::string& message) : std::runtime_error(message) {}
  template <typename... Args>
  explicit SystemError(fmt::format_string<Args...> format, Args&&... args)
      : std::runtime_error(fmt::format(format, std::forward<Args>(args)...)) {}
};

// A SIGINT or SIGTERM was honoured: everything needed to go on is saved.
class Interrupted : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A bug of ours: an invariant does not hold. Thrown by MOESTRO_CHECK only.
class InternalError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

enum ExitCode : int {
  kExitOk = 0,
  kExitSystem = 1,
  kExitUser = 2,
  kExitBug = 70,
  kExitInterrupted = 130,
};

// Throws InternalError("file:line: condition: message").
[[noreturn]] void fail_check(const char* file, int line, const char* condition,
                             const std::string& message);

}  // namespace moestro

// Our own invariants; a caller's mistakes are UserErrors.
#define MOESTRO_CHECK(condition, ...)                                                       \
  do {                                                                                      \
    if (!(condition))                                                                       \
      ::moestro::fail_check(__FILE__, __LINE__, #condition, ::fmt::format("" __VA_ARGS__)); \
  } while (false)
