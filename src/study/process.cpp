#include "process.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/prctl.h>
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

// Between fork and exec: nothing that could wait for a lock of another thread.
[[noreturn]] void become(char* const* words, char* const* variables, const char* log,
                         pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);     // whoever is killed leaves no child at work behind
  if (getppid() != parent) _exit(127);  // killed before that
  setpgid(0, 0);  // a signal to all of a terminal reaches the study, which hands it on once
  const int none = open("/dev/null", O_RDWR);
  const int errors = open(log, O_WRONLY | O_CREAT | O_APPEND, 0644);
  if (none < 0 || errors < 0 || dup2(none, STDIN_FILENO) < 0 || dup2(none, STDOUT_FILENO) < 0 ||
      dup2(errors, STDERR_FILENO) < 0)
    _exit(127);
  execve(words[0], words, variables);
  _exit(127);
}

}  // namespace

Process::Process(const std::vector<std::string>& command,
                 const std::vector<std::string>& environment, const std::filesystem::path& log) {
  std::vector<std::string> words = command, variables = merged_environment(environment);
  const std::vector<char*> argv = pointers(words), envp = pointers(variables);
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ == 0) become(argv.data(), envp.data(), log.c_str(), parent);
  if (pid_ < 0) throw SystemError("cannot start {}: {}", words.front(), std::strerror(errno));
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), exit_code_(other.exit_code_) {}

Process::~Process() {
  if (pid_ < 0 || exit_code_) return;
  interrupt();
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

std::optional<int> Process::exit_code() {
  if (exit_code_ || pid_ < 0) return exit_code_;
  int status = 0;
  const pid_t ended = waitpid(pid_, &status, WNOHANG);
  if (ended == 0 || (ended < 0 && errno == EINTR)) return {};
  if (ended < 0)
    throw SystemError("cannot wait for process {}: {}", std::exchange(pid_, -1),
                      std::strerror(errno));
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return exit_code_;
}

void Process::interrupt() {
  if (pid_ >= 0 && !exit_code_) kill(pid_, SIGTERM);
}

}  // namespace moestro
