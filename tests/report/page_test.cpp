#include "moestro/report/page.h"

#include <gtest/gtest.h>

#include "report/well_formed.h"

namespace moestro {
namespace {

TEST(PageHtml, escapes_its_title_and_keeps_its_body) {
  const std::string page = page_html("<a&b>", "<p>body</p>\n");
  EXPECT_EQ(testing::xml_fault(page), "");
  EXPECT_NE(page.find("<title>&lt;a&amp;b&gt;</title>"), std::string::npos);
  EXPECT_NE(page.find("<main>\n<p>body</p>\n"), std::string::npos);
}

TEST(ProseHtml, keeps_numbers_with_their_units_and_lowers_letters) {
  EXPECT_EQ(prose_html("H_s 0.10 bits, 9.87 % of H_u"),
            "H<sub>s</sub>\u00A00.10\u00A0bits, 9.87\u00A0% of H<sub>u</sub>");
  EXPECT_EQ(prose_html("<b>"), "&lt;b&gt;");
}

TEST(SectionHtml, without_content_is_nothing) {
  EXPECT_EQ(section_html("Heading", ""), "");
  EXPECT_EQ(figures_html(""), "");
}

}  // namespace
}  // namespace moestro
