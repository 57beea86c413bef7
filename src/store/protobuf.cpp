#include "moestro/store/protobuf.h"

#include <bit>

#include "little_endian.h"

namespace moestro {
namespace {

enum Wire : int { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

// Seven bits a byte, the lowest first; a negative number is one of 64 bits.
std::string varint(uint64_t value) {
  std::string bytes;
  for (; value >= 128; value >>= 7) bytes.push_back(static_cast<char>((value & 127) | 128));
  bytes.push_back(static_cast<char>(value));
  return bytes;
}

}  // namespace

ProtobufMessage& ProtobufMessage::append(int field, int wire, std::string_view content) {
  bytes_.append(varint(static_cast<uint64_t>(field) << 3 | static_cast<uint64_t>(wire)));
  bytes_.append(content);
  return *this;
}

ProtobufMessage& ProtobufMessage::integer(int field, int64_t value) {
  return append(field, kVarint, varint(static_cast<uint64_t>(value)));
}

ProtobufMessage& ProtobufMessage::real32(int field, float value) {
  return append(field, kFixed32, little_endian(std::bit_cast<uint32_t>(value)));
}

ProtobufMessage& ProtobufMessage::real64(int field, double value) {
  return append(field, kFixed64, little_endian(std::bit_cast<uint64_t>(value)));
}

ProtobufMessage& ProtobufMessage::head(int field, uint64_t size) {
  return append(field, kBytes, varint(size));
}

ProtobufMessage& ProtobufMessage::text(int field, std::string_view bytes) {
  head(field, bytes.size());
  bytes_.append(bytes);
  return *this;
}

ProtobufMessage& ProtobufMessage::message(int field, const ProtobufMessage& inner) {
  return text(field, inner.bytes());
}

}  // namespace moestro
