// A file read from front to back; a gzip file is unpacked on the way, whatever its name.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

struct gzFile_s;

namespace moestro {

class InputFile {
 public:
  // Throws UserError where there is no such file, or it is a folder or cannot be opened.
  explicit InputFile(const std::filesystem::path& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  const std::string& name() const { return name_; }  // the path, for messages

  // Fills `out` as far as the file goes and returns the bytes read. Throws UserError for a damaged
  // or cut gzip file, SystemError when the disk fails.
  uint64_t read(void* out, uint64_t bytes);
  std::string read_rest();

  // No more bytes than that can be in the file, unpacked: a bound to hold a header's claims
  // against.
  uint64_t most_bytes() const { return most_bytes_; }

 private:
  std::string name_;
  gzFile_s* file_ = nullptr;
  uint64_t most_bytes_ = 0;
};

}  // namespace moestro
