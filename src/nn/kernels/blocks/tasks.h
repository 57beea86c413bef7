// The work of blocked products in pieces, and who does them.
#pragma once

#include <algorithm>
#include <atomic>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "block_product.h"

namespace moestro {

constexpr int64_t kDepthStep = 1024;  // rows of a strip, at most

constexpr int64_t round_up(int64_t count, int64_t step) {
  return (count + step - 1) / step * step;
}
constexpr int64_t strips_of(int64_t columns) {
  return (columns + kStrip - 1) / kStrip;
}
constexpr int64_t columns_of(int64_t strip, int64_t columns) {
  return std::min(kStrip, columns - strip * kStrip);
}

// Memory of each thread's own, for all phases of one call.
class Scratch {
 public:
  explicit Scratch(int64_t bytes)
      : bytes_(round_up(bytes, 4096)),
        memory_(at::empty({threads() * bytes_}, at::TensorOptions().dtype(at::kByte))) {}

  static int64_t threads() { return at::in_parallel_region() ? 1 : at::get_num_threads(); }
  std::byte* of(int64_t thread) const {
    return static_cast<std::byte*>(memory_.data_ptr()) + thread * bytes_;
  }

 private:
  int64_t bytes_;
  at::Tensor memory_;
};

// Blocks of a thread's memory, one after the other.
class Carver {
 public:
  explicit Carver(std::byte* memory) : next_(memory) {}

  template <class T>
  T* take(int64_t count) {
    T* taken = reinterpret_cast<T*>(next_);
    next_ += bytes<T>(count);
    return taken;
  }
  template <class T>
  static constexpr int64_t bytes(int64_t count) {
    return round_up(count * static_cast<int64_t>(sizeof(T)), 64);
  }

 private:
  std::byte* next_;
};

// The thread's tiles are given back even if its work throws.
struct TilesReleased {
  ~TilesReleased() { release_tiles(); }
};

// work(task, memory) for each; whoever is free takes the next.
template <class Task, class Work>
void run_tasks(const std::vector<Task>& tasks, const Scratch& scratch, const Work& work) {
  std::atomic<size_t> next = 0;
  const int64_t threads = std::min<int64_t>(Scratch::threads(), tasks.size());
  at::parallel_for(0, threads, 1, [&](int64_t begin, int64_t end) {
    const TilesReleased at_the_end;
    for (int64_t thread = begin; thread < end; ++thread)
      for (size_t task = next++; task < tasks.size(); task = next++)
        work(tasks[task], scratch.of(thread));
  });
}

}  // namespace moestro
