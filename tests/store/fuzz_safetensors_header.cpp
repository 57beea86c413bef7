// The entry that libFuzzer calls. It needs no LibTorch, only the headers of fmt and nlohmann-json:
//   clang++ -std=c++20 -g -fsanitize=fuzzer,address -DFMT_HEADER_ONLY -Iinclude
//     tests/store/fuzz_safetensors_header.cpp src/store/safetensors_{header,json}.cpp
// The tests call it too.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "moestro/core/error.h"
#include "moestro/store/safetensors_header.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  std::string_view file(reinterpret_cast<const char*>(data), size);
  try {
    for (const auto& entry : moestro::parse_safetensors_header(file, "input").tensors) {
      if (entry.begin > entry.end || entry.end > size) std::abort();
    }
  } catch (const moestro::UserError&) {
    // What a damaged file must give, and nothing else.
  }
  return 0;
}
