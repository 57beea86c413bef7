// Small work on texts.
#pragma once

#include <string>
#include <string_view>

namespace moestro {

// Every `from` becomes `to`, from the left; what `to` brings is not looked at again.
void replace_all(std::string& text, std::string_view from, std::string_view to);

// UTF-8 with small letters: those of ASCII, Latin-1, Latin Extended-A, Greek (but for archaic
// letters) and Cyrillic, one for one; other bytes stay as they are.
std::string lower_case(const std::string& text);

}  // namespace moestro
