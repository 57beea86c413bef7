// Tests that change the number of threads.
#pragma once

#include <ATen/Parallel.h>

namespace moestro::testing {

// At the end of its scope LibTorch works with as many threads as before, even where a test throws.
class ThreadCountKept {
 public:
  ThreadCountKept() = default;
  ThreadCountKept(const ThreadCountKept&) = delete;
  ~ThreadCountKept() { at::set_num_threads(count_); }

 private:
  int count_ = at::get_num_threads();
};

}  // namespace moestro::testing
