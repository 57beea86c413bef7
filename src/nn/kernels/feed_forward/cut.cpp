#include "cut.h"

#include <algorithm>

namespace moestro {

std::vector<BlockTask> cut_blocks(const RoutedRows& routed, int64_t strips, int64_t threads) {
  // Small enough that nobody waits long for the last one.
  constexpr int64_t tasks_per_thread = 8;
  std::vector<BlockTask> blocks;
  int64_t cost = 0;
  for (int64_t e = 0; e < routed.experts; ++e) {
    const int64_t rows = routed.count(e), count = (rows + kBlockRows - 1) / kBlockRows;
    const int64_t block = count == 0 ? 0 : round_up((rows + count - 1) / count, kRowStep);
    for (int64_t r = 0; r < rows; r += block) {
      blocks.push_back({e, routed.first_E[e] + r, std::min(block, rows - r), 0, strips});
      cost += blocks.back().cost();
    }
  }
  if (threads == 1) return blocks;
  std::vector<BlockTask> tasks;
  for (const BlockTask& block : blocks) {
    const int64_t pieces =
        std::clamp<int64_t>(block.cost() * threads * tasks_per_thread / cost, 1, strips);
    for (int64_t p = 0; p < pieces; ++p) {
      const int64_t first = strips * p / pieces, last = strips * (p + 1) / pieces;
      tasks.push_back({block.expert, block.first_row, block.rows, first, last - first});
    }
  }
  std::ranges::stable_sort(tasks, std::greater<>(), &BlockTask::cost);
  return tasks;
}

}  // namespace moestro
