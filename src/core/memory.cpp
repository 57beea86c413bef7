#include "moestro/core/memory.h"

#include <cstdlib>
#include <new>
#include <string_view>

#include <c10/util/Exception.h>

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

bool is_out_of_memory(const std::exception& error) {
  if (dynamic_cast<const std::bad_alloc*>(&error)) return true;
  if (dynamic_cast<const c10::OutOfMemoryError*>(&error)) return true;
  const auto* torch = dynamic_cast<const c10::Error*>(&error);
  if (!torch) return false;
  const std::string_view text = torch->what_without_backtrace();
  return text.find("can't allocate memory") != std::string_view::npos;
}

}  // namespace moestro
