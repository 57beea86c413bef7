#include "moestro/report/png.h"

#include <cstdint>

#include <ATen/ATen.h>
#include <zlib.h>

#include "moestro/core/error.h"

namespace moestro {
namespace {

std::string big_endian(uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xFF);
  return bytes;
}

// length, type, content, checksum of type and content
std::string chunk(const std::string& type, const std::string& content) {
  const std::string body = type + content;
  const auto* data = reinterpret_cast<const Bytef*>(body.data());
  const auto checksum = static_cast<uint32_t>(crc32(0, data, static_cast<uInt>(body.size())));
  return big_endian(static_cast<uint32_t>(content.size())) + body + big_endian(checksum);
}

std::string deflated(const std::string& bytes) {
  uLongf size = compressBound(static_cast<uLong>(bytes.size()));
  std::string out(size, '\0');
  const int status = compress2(reinterpret_cast<Bytef*>(out.data()), &size,
                               reinterpret_cast<const Bytef*>(bytes.data()),
                               static_cast<uLong>(bytes.size()), Z_BEST_COMPRESSION);
  MOESTRO_CHECK(status == Z_OK, "zlib status {}", status);
  out.resize(size);
  return out;
}

// Every line of pixels begins with its filter: 0, none.
std::string scan_lines(const Tensor& pixels_HWC) {
  const Tensor pixels = pixels_HWC.contiguous();
  const auto row = static_cast<std::size_t>(pixels.size(1) * pixels.size(2));
  const auto* data = reinterpret_cast<const char*>(pixels.const_data_ptr<uint8_t>());
  std::string out;
  for (int64_t y = 0; y < pixels.size(0); ++y) {
    out += '\0';
    out.append(data + static_cast<std::size_t>(y) * row, row);
  }
  return out;
}

}  // namespace

std::string png_bytes(const Tensor& image_CHW) {
  MOESTRO_CHECK(image_CHW.dim() == 3 && image_CHW.scalar_type() == at::kByte,
                "a picture of {} dimensions", image_CHW.dim());
  const bool coloured = image_CHW.size(0) == 3;
  const Tensor pixels = coloured ? image_CHW : image_CHW.slice(0, 0, 1);
  const char colour_type = coloured ? 2 : 0;
  std::string header = big_endian(static_cast<uint32_t>(pixels.size(2))) +
                       big_endian(static_cast<uint32_t>(pixels.size(1)));
  for (char byte : {char{8}, colour_type, char{0}, char{0}, char{0}}) header += byte;
  return "\x89PNG\r\n\x1A\n" + chunk("IHDR", header) +
         chunk("IDAT", deflated(scan_lines(pixels.permute({1, 2, 0})))) + chunk("IEND", "");
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j)
      group = group << 8 | (j < count ? static_cast<unsigned char>(bytes[i + j]) : 0u);
    for (std::size_t j = 0; j < 4; ++j)
      out += j <= count ? kDigits[group >> (18 - 6 * j) & 63] : '=';
  }
  return out;
}

std::string png_data_uri(const Tensor& image_CHW) {
  return "data:image/png;base64," + base64(png_bytes(image_CHW));
}

}  // namespace moestro
