// A node of a TOML document as the value of a field.
#pragma once

#include <string>

#include <toml++/toml.h>

#include "moestro/core/field.h"

namespace moestro {

// Throws UserError "where: ..." for a node of another type than the field's.
Field::Value node_value(const toml::node& node, const Field& field, const std::string& where);

}  // namespace moestro
