// Values out of a run's recipe.toml. Such a file is complete and resolved, one "key = value" a line
// under its [section], so it is read without the schema, which would refuse the keys of other
// versions.
#pragma once

#include <string>
#include <string_view>

namespace moestro {

// key: "gate.kind". The value as written, without the quotes of a text; empty where there is none.
std::string recipe_value(std::string_view toml, std::string_view key);

}  // namespace moestro
