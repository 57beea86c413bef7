#include "data/files_fixture.h"

#include <ATen/Functions.h>
#include <zlib.h>

namespace moestro::testing {
namespace {

char pixel(int64_t row, int64_t p) {
  return static_cast<char>((7 * row + p) % 256);
}

}  // namespace

::testing::AssertionResult says(const std::string& message, const Strings& parts) {
  for (const std::string& part : parts)
    if (message.find(part) == message.npos)
      return ::testing::AssertionFailure() << "no \"" << part << "\" in: " << message;
  return ::testing::AssertionSuccess();
}

std::string gzipped(const std::string& bytes) {
  z_stream stream{};
  constexpr int kGzipWindow = 15 + 16;
  deflateInit2(&stream, 6, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, bytes.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string idx_bytes(const std::vector<uint32_t>& shape, const std::string& values) {
  std::string out = {0, 0, 8, static_cast<char>(shape.size())};
  for (const uint32_t size : shape)
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(size >> shift & 255);
  return out + values;
}

void put_idx_set(const std::filesystem::path& folder, const std::string& part, int rows, int height,
                 int width, int classes) {
  std::filesystem::create_directories(folder);
  std::string pixels, labels;
  for (int n = 0; n < rows; ++n) {
    for (int p = 0; p < height * width; ++p) pixels += pixel(n, p);
    labels += static_cast<char>(n % classes);
  }
  const auto size = [](int n) { return static_cast<uint32_t>(n); };
  put(folder / (part + "-images-idx3-ubyte"),
      idx_bytes({size(rows), size(height), size(width)}, pixels));
  put(folder / (part + "-labels-idx1-ubyte"), idx_bytes({size(rows)}, labels));
}

std::string cifar_bytes(const std::vector<std::string>& labels) {
  std::string out;
  for (const std::string& label : labels)
    out += label + std::string(3072, static_cast<char>(label[0] + 1));
  return out;
}

Dataset image_set(int64_t rows, int64_t height, int64_t width, int64_t classes) {
  Dataset set;
  set.name = "fixture";
  set.inputs = at::empty({rows, 1, height, width}, at::kByte);
  for (int64_t n = 0; n < rows; ++n)
    for (int64_t p = 0; p < height * width; ++p)
      set.inputs.data_ptr<uint8_t>()[n * height * width + p] = static_cast<uint8_t>(pixel(n, p));
  set.targets_N = at::arange(rows, at::kLong).remainder(classes);
  set.classes = classes;
  return set;
}

Ints list(const Tensor& integers_N) {
  const Tensor plain = integers_N.contiguous();
  return {plain.data_ptr<int64_t>(), plain.data_ptr<int64_t>() + plain.numel()};
}

}  // namespace moestro::testing
