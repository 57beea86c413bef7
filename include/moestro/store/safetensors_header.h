// The header of a safetensors file, read from untrusted bytes: 8 bytes (little-endian) with the
// header's length, then a JSON object of tensors, then the data, to which the offsets are relative.
// Format: https://github.com/huggingface/safetensors#format. Includes nothing of LibTorch.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace moestro {

struct SafetensorsEntry {
  std::string name;
  std::string dtype;            // "F32"
  std::vector<int64_t> shape;   // every size >= 0; [] is a scalar
  uint64_t begin = 0, end = 0;  // bytes in the file, counted from its start
};

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> tensors;        // in the order of the header
  std::map<std::string, std::string> metadata;  // "__metadata__"
};

// What the format's reference implementation allows: 100 MB.
constexpr uint64_t kSafetensorsHeaderLimit = 100'000'000;

// file: all bytes of the file (as mapped: only the header is touched); where: its name, for
// messages. Every bound is checked: after this, each tensor lies inside the file, its bytes are the
// product of its shape and its type, and the tensors fill the data without holes or overlaps.
// Throws UserError "WHERE: not a readable safetensors file: REASON".
SafetensorsHeader parse_safetensors_header(std::string_view file, const std::string& where);

// The bits of one number of a dtype ("BF16": 16); 0 for an unknown one.
uint64_t safetensors_bits(std::string_view dtype);

}  // namespace moestro
