// The rows of a sparse layer cut into tasks.
#pragma once

#include <vector>

#include "../blocks/tasks.h"
#include "routed_rows.h"

namespace moestro {

// Rows of one expert, and strips of what they are multiplied with.
struct BlockTask {
  int64_t expert, first_row, rows, first_strip, strips;

  // Reading a strip costs about as much as multiplying 16 rows with it.
  int64_t cost() const { return (rows + 16) * strips; }
};

// Rows of a task, at most. Chosen in bfloat16 with AMX; in float32 others gain nothing, although so
// many wide rows exceed a core's cache.
constexpr int64_t kBlockRows = 512;

// Every routed row meets every strip in one task. The cut follows the load and the threads; no
// result depends on it.
std::vector<BlockTask> cut_blocks(const RoutedRows& routed, int64_t strips, int64_t threads);

}  // namespace moestro
