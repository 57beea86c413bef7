// The frame of a page: one self-contained file, which asks nothing of the network, fits a phone,
// follows the reader's choice of light or dark, and is well-formed XML as well as HTML.
#pragma once

#include <string>
#include <string_view>

namespace moestro {

// title: plain text; body: HTML.
std::string page_html(const std::string& title, const std::string& body);

// A sentence of ours: escaped, numbers kept with their units, H_s and H_u with a lowered letter.
std::string prose_html(std::string_view sentence);

// A <section> with its heading; empty where the content is.
std::string section_html(const std::string& heading, const std::string& content);

// <div class="figures">, side by side where there is room; empty where there are none.
std::string figures_html(const std::string& figures);

}  // namespace moestro
