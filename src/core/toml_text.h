// A value as TOML writes it.
#pragma once

#include <string>

#include "moestro/core/field.h"

namespace moestro {

// One line; parses back to the same value, whatever a text holds, as long as it is UTF-8.
std::string toml_text(const Field::Value& value);

}  // namespace moestro
