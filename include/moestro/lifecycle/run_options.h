// Where a run is written, and from what.
#pragma once

#include <filesystem>

namespace moestro {

struct RunOptions {
  std::filesystem::path out;        // the run folder
  std::filesystem::path data_root;  // may be empty: see data/data_root.h
  bool resume = false;              // go on with the run in `out`
  bool force = false;               // replace the run in `out`
};

}  // namespace moestro
