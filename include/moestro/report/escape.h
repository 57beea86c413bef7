// Text from files, made safe to show. Names of classes, of runs and whole recipes come from users
// and from strangers' data.
#pragma once

#include <string>
#include <string_view>

namespace moestro {

// For HTML and XML, in text and in quoted attributes. Bytes that are no UTF-8, and characters that
// XML forbids, become U+FFFD.
std::string escape_html(std::string_view text);

// As a part of a relative address: bytes but letters, digits and "-._~" become %XX (RFC 3986).
std::string url_part(std::string_view text);

// For a terminal and for one line: control characters, hence escape sequences and line breaks,
// and bytes that are no UTF-8 become U+FFFD.
std::string printable(std::string_view text);

// Characters of a UTF-8 text: the columns that it takes, where no character is wide.
int64_t display_width(std::string_view text);

}  // namespace moestro
