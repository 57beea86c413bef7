// Which operators a piece of code spends its time in, by LibTorch's own observers.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <ATen/record_function.h>

namespace moestro::bench {

struct OperatorCall {
  std::string name;
  int64_t sequence;  // autograd's number: a backward node has that of its forward operator
  double seconds;
};

namespace detail {

using Clock = std::chrono::steady_clock;

struct Observation {
  int64_t depth = 0;
  std::vector<OperatorCall> calls;
};

// Observers are plain functions without a state of their own.
inline thread_local Observation* observation = nullptr;

struct Started : at::ObserverContext {
  Clock::time_point at = Clock::now();
};

inline std::unique_ptr<at::ObserverContext> on_start(const at::RecordFunction&) {
  ++observation->depth;
  return std::make_unique<Started>();
}

inline void on_end(const at::RecordFunction& function, at::ObserverContext* context) {
  const std::chrono::duration<double> seconds = Clock::now() - static_cast<Started*>(context)->at;
  if (--observation->depth == 0)
    observation->calls.push_back({function.name(), function.seqNr(), seconds.count()});
}

}  // namespace detail

// The outermost calls of a scope (FUNCTION: operators, BACKWARD_FUNCTION: nodes of autograd) that
// `work` makes on this thread.
template <class Work>
std::vector<OperatorCall> observe(at::RecordScope scope, const Work& work) {
  detail::Observation observation;
  detail::observation = &observation;
  const at::CallbackHandle handle = at::addThreadLocalCallback(
      at::RecordFunctionCallback(&detail::on_start, &detail::on_end).scopes({scope}));
  work();
  at::removeCallback(handle);
  detail::observation = nullptr;
  return std::move(observation.calls);
}

}  // namespace moestro::bench
