// Text for a terminal of 80 columns.
#pragma once

#include <string>

namespace moestro {

// Lines of at most 80 columns, broken between words, each ending in a line break. Control
// characters are made harmless; a longer word has a line of its own.
std::string wrapped(const std::string& text);

}  // namespace moestro
