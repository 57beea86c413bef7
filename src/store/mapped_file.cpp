#include "moestro/store/mapped_file.h"

#include <cerrno>

#include <sys/mman.h>

#include "moestro/store/file.h"

namespace moestro {

MappedFile::MappedFile(const std::filesystem::path& path) {
  File file = File::open(path);
  std::size_t size = file.size();
  if (size == 0) return;  // mmap refuses an empty file
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.descriptor(), 0);
  if (data == MAP_FAILED) fail_with_errno("map", path, errno);
  bytes_ = {static_cast<const char*>(data), size};
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<char*>(bytes_.data()), bytes_.size());
}

}  // namespace moestro
