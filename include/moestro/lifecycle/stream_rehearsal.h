// What is wrong with a stream, found before it is learned.
#pragma once

#include <filesystem>

#include "moestro/lifecycle/continual_recipe.h"

namespace moestro {

// What run_stream() finds in recipe, encoder and task files before its folder is touched, on the
// CPU and over a few rows of each task. Throws as run_stream().
void rehearse_stream(const ContinualDocument& document, const std::filesystem::path& data_root);

}  // namespace moestro
