#include "moestro/data/cifar.h"

#include <ATen/Functions.h>

#include "moestro/core/error.h"
#include "moestro/data/input_file.h"

namespace moestro {
namespace {

constexpr int64_t kSide = 32;
constexpr int64_t kPixels = 3 * kSide * kSide;

Tensor read_rows(const std::filesystem::path& path, int64_t row_bytes) {
  InputFile file(path);
  const std::string bytes = file.read_rest();
  const auto size = static_cast<int64_t>(bytes.size());
  if (size == 0 || size % row_bytes != 0)
    throw UserError("{}: {} bytes; expected a multiple of {}, the bytes of a CIFAR-{} row",
                    file.name(), size, row_bytes, row_bytes == kPixels + 1 ? 10 : 100);
  return at::from_blob(const_cast<char*>(bytes.data()), {size / row_bytes, row_bytes}, at::kByte)
      .clone();
}

}  // namespace

Dataset read_cifar(const std::vector<std::filesystem::path>& files, CifarKind kind) {
  const int64_t labels = kind == CifarKind::ten ? 1 : 2;
  Dataset set;
  set.classes = kind == CifarKind::ten ? 10 : 100;
  std::vector<Tensor> inputs, targets;
  for (const std::filesystem::path& file : files) {
    const Tensor rows = read_rows(file, labels + kPixels);
    targets.push_back(rows.select(1, labels - 1).to(at::kLong));
    check_labels(file.string(), targets.back(), set.classes);
    inputs.push_back(rows.narrow(1, labels, kPixels).reshape({-1, 3, kSide, kSide}));
  }
  set.inputs = at::cat(inputs);
  set.targets_N = at::cat(targets);
  return set;
}

}  // namespace moestro
