#include "moestro/report/palette.h"

#include <set>

#include <gtest/gtest.h>

namespace moestro {
namespace {

TEST(Palette, begins_again_after_ten_colours) {
  EXPECT_EQ(colour_class(0), "c0");
  EXPECT_EQ(colour_class(9), "c9");
  EXPECT_EQ(colour_class(10), colour_class(0));
  EXPECT_EQ(colour_class(27), colour_class(7));
}

TEST(Palette, gives_every_class_a_colour_of_its_own_in_light_and_in_dark) {
  const std::string css = palette_css();
  const std::size_t dark = css.find("prefers-color-scheme:dark");
  ASSERT_NE(dark, std::string::npos);
  for (const std::string& half : {css.substr(0, dark), css.substr(dark)}) {
    std::set<std::string> colours;
    for (std::size_t at = half.find("--c:"); at != std::string::npos;
         at = half.find("--c:", at + 1))
      colours.insert(half.substr(at + 4, 7));
    EXPECT_EQ(colours.size(), 10u);
  }
}

}  // namespace
}  // namespace moestro
