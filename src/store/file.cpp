#include "moestro/store/file.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "moestro/core/error.h"

namespace moestro {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kTemporaryMark = ".moestro-tmp-";

std::string reason(int code) {
  return std::generic_category().message(code);
}

int open_retrying(const fs::path& path, int flags) {
  int descriptor = -1;
  do {
    descriptor = ::open(path.c_str(), flags | O_CLOEXEC, 0666);
  } while (descriptor < 0 && errno == EINTR);
  return descriptor;
}

}  // namespace

void fail_with_errno(std::string_view action, const fs::path& path, int code) {
  throw SystemError("cannot {} {}: {}", action, path.string(), reason(code));
}

File::File(int descriptor, fs::path path) : descriptor_(descriptor), path_(std::move(path)) {}

File::File(File&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}

File& File::operator=(File&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(path_, other.path_);
  return *this;
}

File::~File() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

File File::open(const fs::path& path) {
  // Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever.
  int descriptor = open_retrying(path, O_RDONLY | O_NONBLOCK);
  if (descriptor < 0) {
    if (errno == ENOENT) throw UserError("{}: no such file", path.string());
    throw UserError("cannot read {}: {}", path.string(), reason(errno));
  }
  File file(descriptor, path);
  struct stat status;
  if (::fstat(descriptor, &status) != 0) fail_with_errno("read", path, errno);
  if (!S_ISREG(status.st_mode)) throw UserError("{}: not a regular file", path.string());
  return file;
}

File File::append(const fs::path& path) {
  int descriptor = open_retrying(path, O_WRONLY | O_CREAT | O_APPEND);
  if (descriptor < 0) fail_with_errno("write", path, errno);
  return File(descriptor, path);
}

File File::temporary_beside(const fs::path& path) {
  for (int attempt = 0;; ++attempt) {
    fs::path name = path.parent_path() / fmt::format(".{}{}{}-{}", path.filename().string(),
                                                     kTemporaryMark, ::getpid(), attempt);
    int descriptor = open_retrying(name, O_WRONLY | O_CREAT | O_EXCL);
    if (descriptor >= 0) return File(descriptor, std::move(name));
    if (errno != EEXIST) fail_with_errno("write", path, errno);
  }
}

File File::folder(const fs::path& path) {
  fs::path name = path.empty() ? fs::path(".") : path;
  int descriptor = open_retrying(name, O_RDONLY | O_DIRECTORY);
  if (descriptor < 0) fail_with_errno("open folder", name, errno);
  return File(descriptor, std::move(name));
}

uint64_t File::size() const {
  struct stat status;
  if (::fstat(descriptor_, &status) != 0) fail_with_errno("read", path_, errno);
  return static_cast<uint64_t>(status.st_size);
}

std::size_t File::read(char* data, std::size_t n) {
  ssize_t count = -1;
  do {
    count = ::read(descriptor_, data, n);
  } while (count < 0 && errno == EINTR);
  if (count < 0) fail_with_errno("read", path_, errno);
  return static_cast<std::size_t>(count);
}

void File::write(std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_with_errno("write", path_, errno);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void File::sync() {
  if (::fsync(descriptor_) != 0) fail_with_errno("flush", path_, errno);
}

void File::close() {
  if (descriptor_ < 0) return;
  if (::close(std::exchange(descriptor_, -1)) != 0) fail_with_errno("close", path_, errno);
}

bool File::try_lock() {
  return ::flock(descriptor_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

std::string read_file(const fs::path& path) {
  File file = File::open(path);
  std::string text;
  char block[1 << 16];
  while (std::size_t count = file.read(block, sizeof block)) text.append(block, count);
  return text;
}

bool is_temporary(const fs::path& path) {
  std::string name = path.filename().string();
  return name.front() == '.' && name.find(kTemporaryMark) != std::string::npos;
}

void remove_temporaries(const fs::path& folder) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (!is_temporary(entry.path())) continue;
    std::error_code failed;
    fs::remove(entry.path(), failed);
    if (failed) fail_with_errno("remove", entry.path(), failed.value());
  }
  if (error && error != std::errc::no_such_file_or_directory)
    fail_with_errno("read folder", folder, error.value());
}

void sync_folder(const fs::path& folder) {
  File file = File::folder(folder);
  // Some network file systems cannot flush a folder and say EINVAL.
  if (::fsync(file.descriptor()) != 0 && errno != EINVAL)
    fail_with_errno("flush folder", file.path(), errno);
}

}  // namespace moestro
