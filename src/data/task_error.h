// Messages about data name their files, but not the task that they are of.
#pragma once

#include <filesystem>

#include "moestro/core/error.h"

namespace moestro {

template <class Action>
auto with_task_file(const std::filesystem::path& path, const Action& action) {
  try {
    return action();
  } catch (const UserError& error) {
    throw UserError("{}: {}", path.string(), error.what());
  }
}

}  // namespace moestro
