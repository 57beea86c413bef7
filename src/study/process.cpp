#include "process.h"

#include <csignal>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "moestro/core/error.h"

extern char** environ;

namespace moestro {
namespace {

// What the new one sets comes first and hides what was there.
std::vector<std::string> merged_environment(const std::vector<std::string>& given) {
  std::vector<std::string> all = given;
  for (char** entry = environ; *entry; ++entry) {
    const std::string old = *entry, name = old.substr(0, old.find('=') + 1);
    bool hidden = false;
    for (const std::string& text : given) hidden |= text.starts_with(name);
    if (!hidden) all.push_back(old);
  }
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

}  // namespace

Process::Process(const std::vector<std::string>& command,
                 const std::vector<std::string>& environment, const std::filesystem::path& log) {
  std::vector<std::string> words = command, variables = merged_environment(environment);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDERR_FILENO, log.c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, 0644);
  const int code = posix_spawn(&pid_, words.front().c_str(), &files, nullptr,
                               pointers(words).data(), pointers(variables).data());
  posix_spawn_file_actions_destroy(&files);
  if (code != 0) throw SystemError("cannot start {}: {}", words.front(), std::strerror(code));
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), exit_code_(other.exit_code_) {}

Process::~Process() {
  if (pid_ < 0 || exit_code()) return;
  interrupt();
  waitpid(pid_, nullptr, 0);
}

std::optional<int> Process::exit_code() {
  if (exit_code_ || pid_ < 0) return exit_code_;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return {};
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return exit_code_;
}

void Process::interrupt() {
  if (pid_ >= 0 && !exit_code_) kill(pid_, SIGTERM);
}

}  // namespace moestro
