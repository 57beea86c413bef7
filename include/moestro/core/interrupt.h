// SIGINT and SIGTERM ask a run to save and stop; the run looks at interrupt_requested() between
// steps and throws Interrupted once all is saved. The same signal a second time ends the program at
// once.
#pragma once

#include <csignal>

namespace moestro {

// Handles both signals while it lives; then the handlers from before are back.
class InterruptHandlers {
 public:
  InterruptHandlers();  // forgets earlier requests
  ~InterruptHandlers();
  InterruptHandlers(const InterruptHandlers&) = delete;
  InterruptHandlers& operator=(const InterruptHandlers&) = delete;

 private:
  struct sigaction old_int_, old_term_;
};

// Whether a signal came since the last InterruptHandlers were made.
bool interrupt_requested();

}  // namespace moestro
