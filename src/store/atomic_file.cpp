#include "moestro/store/atomic_file.h"

#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace moestro {

namespace fs = std::filesystem;

AtomicFile::AtomicFile(fs::path path)
    : path_(std::move(path)), file_(File::temporary_beside(path_)) {}

AtomicFile::~AtomicFile() {
  if (committed_) return;
  std::error_code ignored;  // a left-over has a name that remove_temporaries() finds
  fs::remove(file_.path(), ignored);
}

void AtomicFile::write(std::string_view bytes) {
  file_.write(bytes);
}

void AtomicFile::commit() {
  file_.sync();
  file_.close();
  std::error_code failed;
  fs::rename(file_.path(), path_, failed);
  if (failed) fail_with_errno("write", path_, failed.value());
  committed_ = true;
  sync_folder(path_.parent_path());
}

void write_atomically(const fs::path& path, std::string_view bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

}  // namespace moestro
