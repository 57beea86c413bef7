#include "report/well_formed.h"

#include <gtest/gtest.h>

namespace moestro::testing {
namespace {

TEST(XmlFault, is_empty_for_a_page) {
  EXPECT_EQ(xml_fault("<!DOCTYPE html>\n<p class=\"a b\">x &amp; y<br/></p>\n"), "");
}

TEST(XmlFault, finds_what_is_wrong) {
  for (const char* text :
       {"<p>", "<p></b>", "</p>", "<p><b></p></b>", "<p a=x></p>", "<p>a & b</p>", "<p>&nbsp;</p>",
        "<p a=\"&\"></p>", "<p/>x<", "<p></p><p></p>", "text"})
    EXPECT_NE(xml_fault(text), "") << text;
}

}  // namespace
}  // namespace moestro::testing
