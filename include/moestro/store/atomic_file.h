// A file that is there complete or not at all: written under another name in the same folder,
// flushed to the disk, renamed. Whoever reads the path sees the old content or the new, also after
// a kill or a power cut.
#pragma once

#include <filesystem>
#include <string_view>

#include "moestro/store/file.h"

namespace moestro {

class AtomicFile {
 public:
  // Throws SystemError (path and reason) when the folder is missing or not writable.
  explicit AtomicFile(std::filesystem::path path);
  ~AtomicFile();  // without commit(): removes what was written; the path keeps its old content
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  const std::filesystem::path& path() const { return path_; }  // once committed

  void write(std::string_view bytes);  // throws SystemError, for example on a full disk
  void commit();                       // throws SystemError; the path then keeps its old content

 private:
  std::filesystem::path path_;
  File file_;
  bool committed_ = false;
};

void write_atomically(const std::filesystem::path& path, std::string_view bytes);

}  // namespace moestro
