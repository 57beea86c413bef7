// Small work on texts.
#pragma once

#include <string>
#include <string_view>

namespace moestro {

// Every `from` becomes `to`, from the left; what `to` brings is not looked at again.
void replace_all(std::string& text, std::string_view from, std::string_view to);

}  // namespace moestro
