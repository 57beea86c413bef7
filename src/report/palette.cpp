#include "moestro/report/palette.h"

#include <array>

#include <fmt/format.h>

namespace moestro {
namespace {

struct Colour {
  const char* fill;
  const char* text;  // on the fill, at a contrast of 4.5 at least
};

// Searched for the greatest least distance in OKLab between any two, as seen with normal sight,
// protanopia, deuteranopia and tritanopia (matrices of Machado et al. 2009); the first five, which
// most runs have, are weighted 1.4.
constexpr std::array<Colour, kPaletteSize> kLight = {{{"#2a409b", "#fff"},
                                                      {"#d0842b", "#000"},
                                                      {"#4d9a92", "#000"},
                                                      {"#94365f", "#fff"},
                                                      {"#a567d9", "#000"},
                                                      {"#4ab1da", "#000"},
                                                      {"#b4c731", "#000"},
                                                      {"#482939", "#fff"},
                                                      {"#5c7a45", "#fff"},
                                                      {"#ebaa98", "#000"}}};
constexpr std::array<Colour, kPaletteSize> kDark = {{{"#566dd5", "#fff"},
                                                     {"#c89f3c", "#000"},
                                                     {"#7ad9c0", "#000"},
                                                     {"#eb598b", "#000"},
                                                     {"#a89bfb", "#000"},
                                                     {"#caecff", "#000"},
                                                     {"#e8e061", "#000"},
                                                     {"#a64486", "#fff"},
                                                     {"#708e3a", "#000"},
                                                     {"#fbaf85", "#000"}}};

std::string rules(const std::array<Colour, kPaletteSize>& colours) {
  std::string css;
  for (std::size_t i = 0; i < colours.size(); ++i)
    css += fmt::format(".c{}{{--c:{};--on:{}}}\n", i, colours[i].fill, colours[i].text);
  return css;
}

}  // namespace

std::string colour_class(int64_t i) {
  return fmt::format("c{}", i % kPaletteSize);
}

std::string palette_css() {
  return rules(kLight) + "@media (prefers-color-scheme:dark){\n" + rules(kDark) + "}\n";
}

}  // namespace moestro
