// Whether a text is well-formed XML, as far as our pages use it: one root element, every element
// closed in its order, attributes in double quotes, "&" only in entities.
#pragma once

#include <string>

namespace moestro::testing {

// Empty when it is, else what is wrong and where.
std::string xml_fault(const std::string& text);

}  // namespace moestro::testing
