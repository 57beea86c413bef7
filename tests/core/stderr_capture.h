// Catches what is written to stderr while it lives, as a file or as a terminal would get it.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

namespace moestro::testing {

// Sets an environment variable (nullptr: removes it) while it lives.
class ScopedVariable {
 public:
  ScopedVariable(const char* name, const char* value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    assign(value);
  }
  ~ScopedVariable() { assign(old_ ? old_->c_str() : nullptr); }
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;

 private:
  void assign(const char* value) const {
    if (value)
      setenv(name_.c_str(), value, 1);
    else
      unsetenv(name_.c_str());
  }

  std::string name_;
  std::optional<std::string> old_;
};

class StderrCapture {
 public:
  StderrCapture() : file_(std::tmpfile()), reader_(dup(fileno(file_))) { redirect(fileno(file_)); }

  // A terminal that many columns wide. It holds 4 KiB: read it before that.
  explicit StderrCapture(unsigned short columns)
      : reader_(posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK)) {
    grantpt(reader_);
    unlockpt(reader_);
    const int terminal = open(ptsname(reader_), O_RDWR | O_NOCTTY);
    termios settings = {};
    tcgetattr(terminal, &settings);
    settings.c_oflag &= ~static_cast<tcflag_t>(OPOST);  // no \n to \r\n
    tcsetattr(terminal, TCSANOW, &settings);
    const winsize size = {24, columns, 0, 0};
    ioctl(terminal, TIOCSWINSZ, &size);
    redirect(terminal);
    close(terminal);
  }

  ~StderrCapture() {
    dup2(old_, STDERR_FILENO);
    close(old_);
    close(reader_);
    if (file_) std::fclose(file_);
  }
  StderrCapture(const StderrCapture&) = delete;
  StderrCapture& operator=(const StderrCapture&) = delete;

  // What came since the last call.
  std::string text() {
    std::fflush(stderr);
    if (file_) lseek(reader_, read_, SEEK_SET);
    std::string text;
    char block[1024];
    for (ssize_t n; (n = read(reader_, block, sizeof block)) > 0;)
      text.append(block, static_cast<size_t>(n));
    read_ += static_cast<off_t>(text.size());
    if (file_) lseek(reader_, 0, SEEK_END);
    return text;
  }

 private:
  void redirect(int descriptor) {
    std::fflush(stderr);
    old_ = dup(STDERR_FILENO);
    dup2(descriptor, STDERR_FILENO);
  }

  std::FILE* file_ = nullptr;
  int reader_ = -1, old_ = -1;
  off_t read_ = 0;
};

}  // namespace moestro::testing
