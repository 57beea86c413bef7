// The look of the pages.
#pragma once

namespace moestro {

extern const char* const kStyleSheet;

}  // namespace moestro
