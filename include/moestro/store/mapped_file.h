// A file's bytes in memory, for reading only, loaded by the system as they are touched. The mapping
// outlives a replaced or removed path; a file that is cut short while mapped ends the program
// (SIGBUS), which is why our own files are replaced, never rewritten.
#pragma once

#include <filesystem>
#include <string_view>

namespace moestro {

class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path);  // throws UserError as File::open
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::string_view bytes() const { return bytes_; }

 private:
  std::string_view bytes_;
};

}  // namespace moestro
