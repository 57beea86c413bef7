#include "moestro/core/memory.h"

#include <cstdlib>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace moestro {

void keep_freed_memory() {
#ifdef __GLIBC__
  constexpr int kLargestKeptBlock = 1 << 30, kKept = 2'000'000'000;
  mallopt(M_MMAP_THRESHOLD, kLargestKeptBlock);
  mallopt(M_TRIM_THRESHOLD, kKept);
#endif
}

}  // namespace moestro
