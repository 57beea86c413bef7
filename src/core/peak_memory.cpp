#include "moestro/core/peak_memory.h"

#include <algorithm>
#include <memory>

#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>

namespace moestro {
namespace {

// Allocators report to what stands where a profiler would.
class ByteCount : public c10::MemoryReportingInfoBase {
 public:
  explicit ByteCount(c10::Device device) : device_(device) {}

  void reportMemoryUsage(void*, int64_t bytes, size_t, size_t, c10::Device device) override {
    if (device.type() != device_.type()) return;
    held_ += bytes;  // negative where they are given back
    most_ = std::max(most_, held_);
  }
  bool memoryProfilingEnabled() const override { return true; }

  int64_t most() const { return most_; }

 private:
  c10::Device device_;
  int64_t held_ = 0, most_ = 0;
};

}  // namespace

int64_t peak_bytes(c10::Device device, const std::function<void()>& work) {
  const auto count = std::make_shared<ByteCount>(device);
  const c10::DebugInfoGuard counting(c10::DebugInfoKind::PROFILER_STATE, count);
  work();
  return count->most();
}

}  // namespace moestro
