#include "moestro/store/safetensors.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include <ATen/ATen.h>

#include "moestro/core/error.h"
#include "safetensors_types.h"

namespace moestro {

namespace fs = std::filesystem;

static_assert(std::endian::native == std::endian::little, "safetensors data are little-endian");

SafetensorsFile::SafetensorsFile(const fs::path& path)
    : path_(path), mapping_(std::make_shared<MappedFile>(path)) {
  header_ = std::make_shared<SafetensorsHeader>(
      parse_safetensors_header(mapping_->bytes(), path.string()));
  for (std::size_t i = 0; i < header_->tensors.size(); ++i) index_[header_->tensors[i].name] = i;
}

std::vector<std::string> SafetensorsFile::names() const {
  std::vector<std::string> names;
  for (const SafetensorsEntry& entry : header_->tensors) names.push_back(entry.name);
  return names;
}

const SafetensorsEntry& SafetensorsFile::entry(const std::string& name) const {
  auto found = index_.find(name);
  if (found == index_.end())
    throw UserError("{}: no tensor \"{}\" among its {}", path_.string(), name, index_.size());
  return header_->tensors[found->second];
}

const Shape& SafetensorsFile::shape(const std::string& name) const {
  return entry(name).shape;
}

at::ScalarType SafetensorsFile::dtype(const std::string& name) const {
  const std::string& dtype = entry(name).dtype;
  auto type = scalar_type_of(dtype);
  if (!type)
    throw UserError("{}: \"{}\" has dtype {}, which LibTorch lacks", path_.string(), name, dtype);
  return *type;
}

Tensor SafetensorsFile::tensor(const std::string& name) const {
  const SafetensorsEntry& found = entry(name);
  at::TensorOptions options = at::TensorOptions().dtype(dtype(name));
  if (found.begin == found.end) return at::empty(found.shape, options);
  std::string_view bytes = mapping_->bytes().substr(found.begin, found.end - found.begin);
  if (reinterpret_cast<uintptr_t>(bytes.data()) % options.dtype().itemsize() != 0) {
    Tensor copy = at::empty(found.shape, options);
    std::copy(bytes.begin(), bytes.end(), static_cast<char*>(copy.data_ptr()));
    return copy;
  }
  return at::from_blob(
      const_cast<char*>(bytes.data()), found.shape, [mapping = mapping_](void*) {}, options);
}

}  // namespace moestro
