#include "moestro/core/device_graph.h"

#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "moestro/core/beside.h"
#include "moestro/core/device.h"
#include "moestro/core/error.h"

// LibTorch from 2.12 on has graphs behind an interface that a CPU build has, too; before, they need
// the headers of a CUDA toolkit.
#if __has_include(<ATen/accelerator/Graph.h>)
#include <ATen/accelerator/Graph.h>
#define MOESTRO_GRAPH at::accelerator::Graph
#elif defined(MOESTRO_CUDA_HEADERS)
#include <ATen/cuda/CUDAGraph.h>
#define MOESTRO_GRAPH at::cuda::CUDAGraph
#endif

namespace moestro {
namespace {

using c10::impl::VirtualGuardImpl;

// After an error whose reason is on its way already.
template <typename Call>
void without_errors(const Call& call) {
  try {
    call();
  } catch (const std::exception&) {
  }
}

}  // namespace

struct OwnStream::Guard {
  explicit Guard(c10::Device device)
      : stream(VirtualGuardImpl(device.type()).getStreamFromGlobalPool(device)) {}
  c10::StreamGuard stream;
};

OwnStream::OwnStream(c10::Device device) : device_(device) {
  if (!device.is_cuda()) return;
  synchronise(device);
  guard_ = std::make_unique<Guard>(device);
}

OwnStream::~OwnStream() {
  if (guard_) without_errors([&] { synchronise(device_); });
}

#ifdef MOESTRO_GRAPH

struct DeviceGraph::Graph {
  MOESTRO_GRAPH value;
};

bool DeviceGraph::possible(c10::Device device) {
  return device.is_cuda();
}

void DeviceGraph::capture(const std::function<void()>& work) {
  // What was freed before cannot be taken while work is captured, and must not be missing.
  at::getDeviceAllocator(at::kCUDA)->emptyCache();
  graph_ = std::make_unique<Graph>();
  graph_->value.capture_begin();
  try {
    work();
  } catch (...) {
    // A capture ends only when every stream that took part has been waited for.
    without_errors([] { Beside(VirtualGuardImpl(c10::kCUDA).getDevice(), [] {}).wait(); });
    without_errors([&] { graph_->value.capture_end(); });
    graph_.reset();
    throw;
  }
  graph_->value.capture_end();
}

void DeviceGraph::replay() {
  MOESTRO_CHECK(graph_, "nothing was captured");
  graph_->value.replay();
}

#else

struct DeviceGraph::Graph {};

bool DeviceGraph::possible(c10::Device) {
  return false;
}

void DeviceGraph::capture(const std::function<void()>&) {
  MOESTRO_CHECK(false, "this LibTorch cannot capture");
}

void DeviceGraph::replay() {
  MOESTRO_CHECK(false, "nothing was captured");
}

#endif

DeviceGraph::DeviceGraph() = default;
DeviceGraph::~DeviceGraph() = default;
DeviceGraph::DeviceGraph(DeviceGraph&&) noexcept = default;
DeviceGraph& DeviceGraph::operator=(DeviceGraph&&) noexcept = default;

}  // namespace moestro
