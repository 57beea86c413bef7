// CRC-32C (Castagnoli, RFC 3720 appendix B.4), the check sum of TensorBoard's records.
#pragma once

#include <cstdint>
#include <string_view>

namespace moestro {

uint32_t crc32c(std::string_view bytes);

// As stored beside the data it covers: rotated by 15 bits, plus 0xa282ead8.
uint32_t masked_crc32c(std::string_view bytes);

}  // namespace moestro
