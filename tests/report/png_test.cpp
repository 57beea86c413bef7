#include "moestro/report/png.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <zlib.h>

namespace moestro {
namespace {

uint32_t number_at(const std::string& bytes, std::size_t at) {
  uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<uint8_t>(bytes[at + i]);
  return value;
}

struct Chunk {
  std::string type, content;
};

// Checks the signature and every checksum on the way.
std::vector<Chunk> chunks_of(const std::string& png) {
  EXPECT_EQ(png.substr(0, 8), "\x89PNG\r\n\x1A\n");
  std::vector<Chunk> chunks;
  for (std::size_t at = 8; at + 12 <= png.size();) {
    const uint32_t length = number_at(png, at);
    const std::string body = png.substr(at + 4, 4 + length);
    EXPECT_EQ(crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size())),
              number_at(png, at + 8 + length));
    chunks.push_back({body.substr(0, 4), body.substr(4)});
    at += 12 + length;
  }
  return chunks;
}

std::string inflated(const std::string& bytes, std::size_t size) {
  std::string out(size + 1, '\0');
  uLongf length = static_cast<uLongf>(out.size());
  EXPECT_EQ(
      uncompress(reinterpret_cast<Bytef*>(out.data()), &length,
                 reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uLong>(bytes.size())),
      Z_OK);
  return out.substr(0, length);
}

Tensor counting(at::IntArrayRef shape) {
  return at::arange(at::ArrayRef<int64_t>(shape).empty() ? 0 : c10::multiply_integers(shape),
                    at::TensorOptions().dtype(at::kByte))
      .reshape(shape);
}

TEST(Png, of_one_channel_is_grey_line_by_line) {
  const auto chunks = chunks_of(png_bytes(counting({1, 2, 3})));
  ASSERT_EQ(chunks.size(), 3u);
  EXPECT_EQ(chunks[0].type, "IHDR");
  EXPECT_EQ(chunks[0].content, std::string("\0\0\0\3\0\0\0\2\10\0\0\0\0", 13));  // 3 wide, 2 high
  EXPECT_EQ(chunks[1].type, "IDAT");
  EXPECT_EQ(inflated(chunks[1].content, 8), std::string("\0\0\1\2\0\3\4\5", 8));
  EXPECT_EQ(chunks[2].type, "IEND");
}

TEST(Png, of_three_channels_interleaves_red_green_and_blue) {
  const auto chunks = chunks_of(png_bytes(counting({3, 1, 2})));
  EXPECT_EQ(chunks[0].content[9], 2);  // the colour type
  EXPECT_EQ(inflated(chunks[1].content, 7), std::string("\0\0\2\4\1\3\5", 7));
}

TEST(Png, of_two_channels_shows_the_first) {
  EXPECT_EQ(png_bytes(counting({2, 2, 2})), png_bytes(counting({1, 2, 2})));
}

TEST(Png, takes_any_strides) {
  const Tensor picture = counting({1, 3, 3});
  EXPECT_EQ(png_bytes(picture.transpose(1, 2)), png_bytes(picture.transpose(1, 2).contiguous()));
}

TEST(Base64, agrees_with_the_examples_of_rfc_4648) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64("\xFF\xFE\xFD"), "//79");
}

}  // namespace
}  // namespace moestro
