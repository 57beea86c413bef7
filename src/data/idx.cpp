#include "moestro/data/idx.h"

#include <array>

#include <ATen/Functions.h>

#include "moestro/core/error.h"
#include "moestro/data/input_file.h"

namespace moestro {
namespace {

constexpr int kUnsignedBytes = 0x08;

Shape read_header(InputFile& file) {
  std::array<uint8_t, 4> magic{};
  const uint64_t got = file.read(magic.data(), magic.size());
  if (got < magic.size())
    throw UserError("{}: truncated: {} bytes; an IDX file begins with 4", file.name(), got);
  if (magic[0] != 0 || magic[1] != 0)
    throw UserError(
        "{}: not an IDX file: it begins with the bytes {:02x} {:02x} {:02x} {:02x}; expected 00 00",
        file.name(), magic[0], magic[1], magic[2], magic[3]);
  if (magic[2] != kUnsignedBytes)
    throw UserError("{}: IDX elements of type 0x{:02x}; expected 0x08 (unsigned bytes)",
                    file.name(), magic[2]);
  if (magic[3] < 1 || magic[3] > 4)
    throw UserError("{}: an IDX file of {} dimensions; expected 1 to 4", file.name(), magic[3]);
  Shape shape;
  for (int d = 0; d < magic[3]; ++d) {
    std::array<uint8_t, 4> size{};
    if (file.read(size.data(), size.size()) < size.size())
      throw UserError("{}: truncated: the IDX header ends before size {} of {}", file.name(), d + 1,
                      magic[3]);
    shape.push_back(int64_t{size[0]} << 24 | size[1] << 16 | size[2] << 8 | size[3]);
  }
  return shape;
}

uint64_t checked_bytes(const InputFile& file, const Shape& shape) {
  uint64_t bytes = 1;
  for (const int64_t size : shape) {
    if (size == 0)
      throw UserError("{}: an IDX file of {}; it is empty", file.name(), shape_text(shape));
    // Each factor is below 2^32 and the product so far below most_bytes.
    if (bytes > file.most_bytes() / static_cast<uint64_t>(size))
      throw UserError("{}: truncated: the IDX header says {}, more bytes than the file holds",
                      file.name(), shape_text(shape));
    bytes *= static_cast<uint64_t>(size);
  }
  return bytes;
}

}  // namespace

Tensor read_idx(const std::filesystem::path& path) {
  InputFile file(path);
  const Shape shape = read_header(file);
  const uint64_t bytes = checked_bytes(file, shape);
  Tensor values = at::empty(shape, at::kByte);
  const uint64_t got = file.read(values.data_ptr<uint8_t>(), bytes);
  if (got < bytes)
    throw UserError("{}: truncated: {} of the {} bytes of {} that the IDX header announces",
                    file.name(), got, bytes, shape_text(shape));
  char extra = 0;
  if (file.read(&extra, 1) != 0)
    throw UserError("{}: bytes after the {} that the IDX header announces ({})", file.name(), bytes,
                    shape_text(shape));
  return values;
}

Tensor read_idx_images(const std::filesystem::path& path) {
  const Tensor values = read_idx(path);
  if (values.dim() == 3) return values.unsqueeze(1);
  if (values.dim() == 4) return values;
  throw UserError("{}: an IDX file of {} dimensions; expected images, 3 or 4", path.string(),
                  values.dim());
}

Tensor read_idx_labels(const std::filesystem::path& path) {
  const Tensor values = read_idx(path);
  if (values.dim() != 1)
    throw UserError("{}: an IDX file of {} dimensions; expected labels, 1", path.string(),
                    values.dim());
  return values.to(at::kLong);
}

Dataset read_idx_set(const std::filesystem::path& images, const std::filesystem::path& labels,
                     int64_t classes) {
  Dataset set;
  set.inputs = read_idx_images(images);
  set.targets_N = read_idx_labels(labels);
  if (set.inputs.size(0) != set.targets_N.size(0))
    throw UserError("{}: {} labels; expected {}, one for each image of {}", labels.string(),
                    set.targets_N.size(0), set.inputs.size(0), images.string());
  if (classes == 0) classes = set.targets_N.max().item<int64_t>() + 1;
  check_labels(labels.string(), set.targets_N, classes);
  set.classes = classes;
  return set;
}

}  // namespace moestro
