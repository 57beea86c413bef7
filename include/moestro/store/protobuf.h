// Messages of protocol buffers as bytes, without their library: LibTorch brings a copy of its own,
// and two in one program clash. Encoding: https://protobuf.dev/programming-guides/encoding
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace moestro {

class ProtobufMessage {
 public:
  // Each appends a field; a repeated one is appended as often as it has entries.
  ProtobufMessage& integer(int field, int64_t value);  // also enums and bool
  ProtobufMessage& real32(int field, float value);
  ProtobufMessage& real64(int field, double value);
  ProtobufMessage& text(int field, std::string_view bytes);  // also bytes
  ProtobufMessage& message(int field, const ProtobufMessage& inner);
  // What stands before the `size` bytes of a text or message, for a caller who writes those apart.
  ProtobufMessage& head(int field, uint64_t size);

  const std::string& bytes() const { return bytes_; }

 private:
  ProtobufMessage& append(int field, int wire, std::string_view content);

  std::string bytes_;
};

}  // namespace moestro
