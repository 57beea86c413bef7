// An open file: closed when it goes out of scope, every failure an error that names the path.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace moestro {

class File {
 public:
  // Throws UserError when the path cannot be opened or is no regular file.
  static File open(const std::filesystem::path& path);
  // Created when missing. Throws SystemError.
  static File append(const std::filesystem::path& path);
  // A new file beside `path`, under a name that is_temporary() recognises. Throws SystemError.
  static File temporary_beside(const std::filesystem::path& path);
  // A folder, to lock or to flush. Throws SystemError.
  static File folder(const std::filesystem::path& path);

  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;
  ~File();

  const std::filesystem::path& path() const { return path_; }
  int descriptor() const { return descriptor_; }

  // Each throws SystemError "cannot write PATH: No space left on device".
  uint64_t size() const;                        // bytes
  std::size_t read(char* data, std::size_t n);  // as many bytes as there are, at most n; 0: the end
  void write(std::string_view bytes);           // all of them
  void sync();                                  // to the disk, not only to the system's cache
  void close();

  // Locks against other holders of the same file or folder; false when another has the lock.
  // File systems without locks say true.
  bool try_lock();

 private:
  File(int descriptor, std::filesystem::path path);

  int descriptor_ = -1;
  std::filesystem::path path_;
};

// The whole file. Throws UserError when it cannot be opened.
std::string read_file(const std::filesystem::path& path);

// Whether the name is one that File::temporary_beside() gives.
bool is_temporary(const std::filesystem::path& path);

// Removes what writers that were killed left in a folder.
void remove_temporaries(const std::filesystem::path& folder);

// Makes names created, renamed or removed in the folder durable.
void sync_folder(const std::filesystem::path& folder);

// Throws SystemError "cannot ACTION PATH: reason" with the reason of `code`, an errno value.
[[noreturn]] void fail_with_errno(std::string_view action, const std::filesystem::path& path,
                                  int code);

}  // namespace moestro
