// Safetensors files as tensors: mapped for reading, streamed for writing.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <c10/core/ScalarType.h>

#include "moestro/core/tensor.h"
#include "moestro/store/atomic_file.h"
#include "moestro/store/mapped_file.h"
#include "moestro/store/safetensors_header.h"

namespace moestro {

using NamedTensors = std::vector<std::pair<std::string, Tensor>>;

// Opening costs the header, a tensor costs memory as it is touched. Copies share the mapping.
class SafetensorsFile {
 public:
  explicit SafetensorsFile(const std::filesystem::path& path);  // throws UserError

  const std::filesystem::path& path() const { return path_; }
  std::vector<std::string> names() const;  // in the order of the header
  bool contains(const std::string& name) const { return index_.count(name) != 0; }
  const std::map<std::string, std::string>& metadata() const { return header_->metadata; }

  // Each throws UserError for a name that is not there, or (dtype, tensor) whose type LibTorch
  // lacks.
  const Shape& shape(const std::string& name) const;
  at::ScalarType dtype(const std::string& name) const;
  // On the CPU. A view that keeps the mapping alive (a copy where the file does not align the
  // data): only to be read, writing into it ends the program. clone() it for anything else.
  Tensor tensor(const std::string& name) const;

 private:
  const SafetensorsEntry& entry(const std::string& name) const;

  std::filesystem::path path_;
  std::shared_ptr<const MappedFile> mapping_;
  std::shared_ptr<const SafetensorsHeader> header_;
  std::unordered_map<std::string, std::size_t> index_;
};

// Writes atomically, one tensor in memory at a time (any device, any strides). Names keep their
// order in the header; the data are laid out by item size, so that every tensor is aligned. Names
// and metadata are UTF-8. Returns the file's SHA-256 for write_digest(). Throws SystemError (full
// disk, folder not writable), UserError for a type that safetensors lacks.
std::string write_safetensors(const std::filesystem::path& path, const NamedTensors& tensors,
                              const std::map<std::string, std::string>& metadata = {});

// The same without the commit, for callers with something to do before the file appears.
std::string write_safetensors(AtomicFile& file, const NamedTensors& tensors,
                              const std::map<std::string, std::string>& metadata = {});

}  // namespace moestro
