#include "moestro/core/interrupt.h"

#include <atomic>

namespace moestro {

namespace {

// A signal handler can reach nothing but a global.
std::atomic<bool> requested = false;
static_assert(std::atomic<bool>::is_always_lock_free);

void request(int) {
  requested = true;
}

}  // namespace

InterruptHandlers::InterruptHandlers() {
  requested = false;
  struct sigaction action = {};
  action.sa_handler = request;
  // SA_RESETHAND: the second signal finds the default action, which ends the program.
  action.sa_flags = SA_RESTART | SA_RESETHAND;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, &old_int_);
  sigaction(SIGTERM, &action, &old_term_);
}

InterruptHandlers::~InterruptHandlers() {
  sigaction(SIGINT, &old_int_, nullptr);
  sigaction(SIGTERM, &old_term_, nullptr);
}

bool interrupt_requested() {
  return requested;
}

}  // namespace moestro
