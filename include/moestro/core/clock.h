// Time that only goes on.
#pragma once

#include <chrono>

namespace moestro {

// Seconds since some moment; differences mean something.
inline double seconds_now() {
  using Seconds = std::chrono::duration<double>;
  return Seconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace moestro
