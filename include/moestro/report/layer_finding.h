// What an inspection shows of one mixture layer, in one sentence.
#pragma once

#include <cstdint>
#include <string>

#include "moestro/report/layer_record.h"

namespace moestro {

// "4 of 4 experts used; expert 2 gets most, 41.0 % of the choices; most selective about “the”: 98 %
// of it goes to expert 1." Plain text, the layer's name left to the caller.
std::string layer_finding(const LayerRecord& layer);

// "place 0", "places 2–3", "places 64 on"; of images "patch" and "patches", counted without the
// "class token", which stands alone before ranges of several patches.
std::string range_name(const LayerRecord& layer, std::size_t range);

}  // namespace moestro
