// How much memory a piece of code needs, by the system's count of this process's resident pages.
#pragma once

#include <malloc.h>

#include <cstdint>
#include <fstream>
#include <optional>
#include <string>

namespace moestro::bench {

// "VmRSS" (now) or "VmHWM" (the most so far), in bytes.
inline int64_t resident_bytes(const std::string& key) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(key + ":")) return 1024 * std::stoll(line.substr(key.size() + 1));
  return 0;
}

// The most that `work` adds to the memory this process holds; nothing where the system does not
// tell. Memory kept by the allocator is given back first. benchmarks/peers/rounds.py does the same.
template <class Work>
std::optional<int64_t> peak_bytes(const Work& work) {
  ::malloc_trim(0);
  std::ofstream peak("/proc/self/clear_refs");
  if (!(peak << "5" << std::flush)) return std::nullopt;  // the peak starts anew
  const int64_t before = resident_bytes("VmRSS");
  work();
  return resident_bytes("VmHWM") - before;
}

}  // namespace moestro::bench
