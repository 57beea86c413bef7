// The colours of experts (on the page of a run) and of runs (where several are compared): ten that
// stay apart for colour-blind eyes too, in a light and in a dark version, then again from the
// first.
#pragma once

#include <cstdint>
#include <string>

namespace moestro {

constexpr int64_t kPaletteSize = 10;

// The CSS class that gives an element and what is in it the colour of number i: var(--c), and
// var(--on) for text on it.
std::string colour_class(int64_t i);

// The rules of these classes, for light pages and (prefers-color-scheme) for dark ones.
std::string palette_css();

}  // namespace moestro
