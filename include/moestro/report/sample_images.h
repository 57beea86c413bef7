// The pictures of samples that went to one expert: the most and the least typical ones; of an
// expert alone, and of folders from before there were those, some of each class.
#pragma once

#include <cstdint>
#include <string>

#include "moestro/report/run_record.h"

namespace moestro {

// HTML; empty where the run has no pictures of this expert. Pictures larger than 64 pixels are
// shown by every second, third, ... pixel.
std::string sample_images(const RunRecord& run, int64_t expert);

}  // namespace moestro
