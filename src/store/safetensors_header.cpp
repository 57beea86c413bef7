#include "moestro/store/safetensors_header.h"

#include <algorithm>
#include <limits>

#include "safetensors_json.h"

namespace moestro {

namespace {

constexpr std::size_t kLengthBytes = 8;
// More dimensions than any tensor library has.
constexpr std::size_t kMostDimensions = 64;

uint64_t little_endian(std::string_view bytes) {
  uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;)
    value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

std::string_view header_text(std::string_view file, const std::string& where) {
  if (file.size() < kLengthBytes)
    refuse_safetensors(where, "{} bytes are too few for a header", file.size());
  uint64_t length = little_endian(file.substr(0, kLengthBytes));
  if (length > kSafetensorsHeaderLimit)
    refuse_safetensors(where, "header length {}, at most {} is allowed", length,
                       kSafetensorsHeaderLimit);
  if (length > file.size() - kLengthBytes)
    refuse_safetensors(where, "header length {}, but only {} bytes follow (truncated?)", length,
                       file.size() - kLengthBytes);
  return file.substr(kLengthBytes, length);
}

uint64_t checked_product(uint64_t a, uint64_t b, const SafetensorsEntry& entry,
                         const std::string& where) {
  if (b != 0 && a > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) / b)
    refuse_safetensors(where, "{}: the shape is too large", in_quotes(entry.name));
  return a * b;
}

// The bytes that shape and dtype ask for.
uint64_t expected_bytes(const SafetensorsEntry& entry, const std::string& where) {
  uint64_t bits = safetensors_bits(entry.dtype);
  if (bits == 0)
    refuse_safetensors(where, "{}: unknown dtype {}", in_quotes(entry.name),
                       in_quotes(entry.dtype));
  if (entry.shape.size() > kMostDimensions)
    refuse_safetensors(where, "{}: {} dimensions, at most {} are allowed", in_quotes(entry.name),
                       entry.shape.size(), kMostDimensions);
  // Zeros are left out at first: strides are products too and must not overflow either.
  uint64_t total = bits;
  for (int64_t size : entry.shape)
    total = checked_product(total, std::max<uint64_t>(size, 1), entry, where);
  if (std::find(entry.shape.begin(), entry.shape.end(), 0) != entry.shape.end()) return 0;
  if (total % 8 != 0)
    refuse_safetensors(where, "{}: {} bits are no whole bytes", in_quotes(entry.name), total);
  return total / 8;
}

void check_fill(const SafetensorsHeader& header, uint64_t data_bytes, const std::string& where) {
  std::vector<const SafetensorsEntry*> by_offset;
  for (const SafetensorsEntry& entry : header.tensors) by_offset.push_back(&entry);
  std::sort(by_offset.begin(), by_offset.end(),
            [](const SafetensorsEntry* a, const SafetensorsEntry* b) {
              return a->begin != b->begin ? a->begin < b->begin : a->end < b->end;
            });
  uint64_t filled = 0;
  for (const SafetensorsEntry* entry : by_offset) {
    if (entry->begin != filled)
      refuse_safetensors(where, "{} begins at byte {} of the data, expected {} ({})",
                         in_quotes(entry->name), entry->begin, filled,
                         entry->begin < filled ? "tensors overlap" : "a hole");
    filled = entry->end;
  }
  if (filled != data_bytes)
    refuse_safetensors(where, "the header describes {} bytes of data, the file has {}{}", filled,
                       data_bytes, filled > data_bytes ? " (truncated?)" : "");
}

}  // namespace

uint64_t safetensors_bits(std::string_view dtype) {
  static constexpr std::pair<std::string_view, uint64_t> kTypes[] = {
      {"BOOL", 8},    {"U8", 8},          {"I8", 8},          {"F8_E4M3", 8}, {"F8_E5M2", 8},
      {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}, {"U16", 16},    {"I16", 16},
      {"F16", 16},    {"BF16", 16},       {"U32", 32},        {"I32", 32},    {"F32", 32},
      {"U64", 64},    {"I64", 64},        {"F64", 64},        {"C64", 64},    {"F4", 4},
      {"F6_E2M3", 6}, {"F6_E3M2", 6}};
  for (const auto& [name, bits] : kTypes) {
    if (name == dtype) return bits;
  }
  return 0;
}

SafetensorsHeader parse_safetensors_header(std::string_view file, const std::string& where) {
  std::string_view text = header_text(file, where);
  SafetensorsHeader header = parse_safetensors_json(text, where);
  uint64_t data_begin = kLengthBytes + text.size();
  uint64_t data_bytes = file.size() - data_begin;
  for (const SafetensorsEntry& entry : header.tensors) {
    if (entry.begin > entry.end || entry.end > data_bytes)
      refuse_safetensors(where, "{}: offsets [{}, {}] are outside the {} bytes of data",
                         in_quotes(entry.name), entry.begin, entry.end, data_bytes);
    uint64_t expected = expected_bytes(entry, where);
    if (entry.end - entry.begin != expected)
      refuse_safetensors(where, "{}: {} bytes, but its shape and dtype need {}",
                         in_quotes(entry.name), entry.end - entry.begin, expected);
  }
  check_fill(header, data_bytes, where);
  for (SafetensorsEntry& entry : header.tensors) entry.begin += data_begin, entry.end += data_begin;
  return header;
}

}  // namespace moestro
