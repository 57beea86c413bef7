// What a message of a protocol buffer holds, read as its encoding says.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace moestro::testing {

inline uint64_t take_fixed(std::string_view& bytes, std::size_t size) {
  uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i)
    value |= uint64_t{static_cast<unsigned char>(bytes.at(i))} << (8 * i);
  bytes.remove_prefix(size);
  return value;
}

inline uint64_t take_varint(std::string_view& bytes) {
  uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    uint64_t byte = take_fixed(bytes, 1);
    value |= (byte & 127) << shift;
    if (byte < 128) return value;
  }
}

// Numbers and contents (texts, messages) by field, in their order.
struct ProtobufFields {
  explicit ProtobufFields(std::string_view bytes) {
    while (!bytes.empty()) {
      uint64_t tag = take_varint(bytes);
      int field = static_cast<int>(tag >> 3);
      switch (tag & 7) {
        case 0:
          numbers[field].push_back(take_varint(bytes));
          break;
        case 1:
          numbers[field].push_back(take_fixed(bytes, 8));
          break;
        case 5:
          numbers[field].push_back(take_fixed(bytes, 4));
          break;
        case 2: {
          uint64_t size = take_varint(bytes);
          contents[field].emplace_back(bytes.substr(0, size));
          EXPECT_EQ(contents[field].back().size(), size);
          bytes.remove_prefix(size);
          break;
        }
        default:
          ADD_FAILURE() << "wire type " << (tag & 7);
          return;
      }
    }
  }

  // Of a field that is there once.
  uint64_t number(int field) const {
    EXPECT_EQ(numbers.at(field).size(), 1u);
    return numbers.at(field).front();
  }
  const std::string& content(int field) const {
    EXPECT_EQ(contents.at(field).size(), 1u);
    return contents.at(field).front();
  }
  ProtobufFields message(int field) const { return ProtobufFields(content(field)); }

  std::map<int, std::vector<uint64_t>> numbers;
  std::map<int, std::vector<std::string>> contents;
};

}  // namespace moestro::testing
