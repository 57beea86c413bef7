#include "moestro/store/protobuf.h"

#include <bit>
#include <cstdint>

#include <gtest/gtest.h>

#include "store/protobuf_fields.h"

namespace moestro {
namespace {

using testing::ProtobufFields;

// The examples of the encoding's own description.
TEST(Protobuf, encodes_the_examples_of_its_description) {
  EXPECT_EQ(ProtobufMessage().integer(1, 150).bytes(), "\x08\x96\x01");
  EXPECT_EQ(ProtobufMessage().text(2, "testing").bytes(), "\x12\x07testing");
  const auto inner = ProtobufMessage().integer(1, 150);
  EXPECT_EQ(ProtobufMessage().message(3, inner).bytes(), "\x1a\x03\x08\x96\x01");
}

TEST(Protobuf, negative_numbers_have_64_bits) {
  EXPECT_EQ(ProtobufMessage().integer(1, -2).bytes(),
            "\x08\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01");
}

TEST(Protobuf, real_numbers_are_stored_to_the_bit) {
  const ProtobufFields fields(ProtobufMessage().real32(20, .1f).real64(3, -1e300).bytes());
  EXPECT_EQ(std::bit_cast<float>(static_cast<uint32_t>(fields.number(20))), .1f);
  EXPECT_EQ(std::bit_cast<double>(fields.number(3)), -1e300);
}

TEST(Protobuf, fields_keep_their_order_and_may_repeat) {
  const auto message = ProtobufMessage().text(1, "a").integer(2, 0).text(1, "").text(1, "b");
  const ProtobufFields fields(message.bytes());
  EXPECT_EQ(fields.contents.at(1), (std::vector<std::string>{"a", "", "b"}));
  EXPECT_EQ(fields.number(2), 0u);
}

TEST(Protobuf, a_head_and_its_bytes_are_the_text) {
  const std::string text(300, 't');
  EXPECT_EQ(ProtobufMessage().head(9, text.size()).bytes() + text,
            ProtobufMessage().text(9, text).bytes());
}

}  // namespace
}  // namespace moestro
