// Small pictures inside the page.
#pragma once

#include <string>
#include <string_view>

#include "moestro/core/tensor.h"

namespace moestro {

// image_CHW: uint8. Three channels are red, green, blue; of any other number the first is shown in
// grey. The bytes of a PNG file (ISO/IEC 15948), 8 bits a channel, without interlacing.
std::string png_bytes(const Tensor& image_CHW);

std::string base64(std::string_view bytes);  // RFC 4648, with padding

std::string png_data_uri(const Tensor& image_CHW);  // "data:image/png;base64,..."

}  // namespace moestro
