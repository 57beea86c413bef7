// A program that runs beside this one.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace moestro {

class Process {
 public:
  // Starts it with this program's environment and the given "NAME=value" over it; standard output
  // is dropped, standard error appended to `log`. Throws SystemError where it cannot start.
  Process(const std::vector<std::string>& command, const std::vector<std::string>& environment,
          const std::filesystem::path& log);
  ~Process();  // stops it
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) = delete;

  std::optional<int> exit_code();  // none while it runs; 128 + the number of a signal that ended it
  void interrupt();                // asks it to save and stop

 private:
  pid_t pid_;
  std::optional<int> exit_code_;
};

}  // namespace moestro
