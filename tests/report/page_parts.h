// What stands on a page, and how often.
#pragma once

#include <cstddef>
#include <string>

namespace moestro::testing {

inline bool has(const std::string& page, const std::string& part) {
  return page.find(part) != std::string::npos;
}

inline std::size_t count(const std::string& page, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = page.find(part); at != std::string::npos; at = page.find(part, at + 1))
    ++found;
  return found;
}

}  // namespace moestro::testing
