// The built program as users meet it: a process with arguments, two outputs and an exit code.
#pragma once

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/temporary_folder.h"
#include "test_paths.h"

namespace moestro::testing {

struct Outcome {
  int exit_code = -1;  // -1: ended by `signal`
  int signal = 0;
  std::string out, err;
};

struct ProgramOptions {
  std::filesystem::path working_folder;
  std::optional<uint64_t> file_limit;  // bytes: a disk that is full after so many
  bool keep_out = false;               // as a user who is not root: permissions count
  std::string stdout_path;             // instead of a file of the test's own
};

class Program {
 public:
  Program(const std::vector<std::string>& arguments, const ProgramOptions& options) {
    std::vector<std::string> words = {kProgram};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const std::string out = options.stdout_path.empty() ? path("out") : options.stdout_path;
    const std::string err = path("err"), folder = options.working_folder.string();
    process_ = fork();
    if (process_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
    if (process_ > 0) return;
    // Only calls that are safe between fork and exec from here on.
    redirect(STDIN_FILENO, "/dev/null", O_RDONLY);
    redirect(STDOUT_FILENO, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC);
    redirect(STDERR_FILENO, err.c_str(), O_WRONLY | O_CREAT | O_TRUNC);
    if (chdir(folder.c_str()) != 0) _exit(126);
    if (options.file_limit) limit_files(*options.file_limit);
    if (options.keep_out) obey_permissions();
    execv(argv[0], argv.data());
    _exit(127);
  }
  ~Program() {
    if (process_ > 0) kill(process_, SIGKILL), waitpid(process_, nullptr, 0);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  pid_t pid() const { return process_; }
  void send(int signal) const { kill(process_, signal); }

  // Whether it has ended by itself within that time.
  bool ends_within(std::chrono::duration<double> time) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (true) {
      siginfo_t info = {};
      waitid(P_PID, static_cast<id_t>(process_), &info, WEXITED | WNOHANG | WNOWAIT);
      if (info.si_pid == process_) return true;
      if (std::chrono::steady_clock::now() >= end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }

  Outcome wait() {
    int status = 0;
    if (waitpid(process_, &status, 0) != process_)
      throw std::system_error(errno, std::generic_category(), "waitpid");
    process_ = -1;
    Outcome outcome;
    if (WIFEXITED(status)) outcome.exit_code = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) outcome.signal = WTERMSIG(status);
    outcome.out = get(path("out"));
    outcome.err = get(path("err"));
    return outcome;
  }

 private:
  std::string path(const char* name) const { return (folder_ / name).string(); }

  static void redirect(int descriptor, const char* path, int flags) {
    const int file = open(path, flags, 0600);
    if (file < 0 || dup2(file, descriptor) < 0) _exit(125);
    close(file);
  }
  static void limit_files(uint64_t bytes) {
    const rlimit limit = {bytes, bytes};
    setrlimit(RLIMIT_FSIZE, &limit);
    std::signal(SIGXFSZ, SIG_IGN);  // a write beyond it fails, as on a full disk
  }
  // What makes root write anywhere is lost with the next exec.
  static void obey_permissions() {
    constexpr int kOverride = 1, kReadSearch = 2;  // CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
    if (geteuid() != 0) return;
    if (prctl(PR_CAPBSET_DROP, kOverride, 0, 0, 0) != 0) _exit(124);
    if (prctl(PR_CAPBSET_DROP, kReadSearch, 0, 0, 0) != 0) _exit(124);
  }

  TemporaryFolder folder_;
  pid_t process_ = -1;
};

inline Outcome run_program(const std::vector<std::string>& arguments,
                           const ProgramOptions& options) {
  return Program(arguments, options).wait();
}

}  // namespace moestro::testing
