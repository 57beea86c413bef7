// Work on a CUDA device that is written down once and then replayed, thousands of kernels by one
// launch.
#pragma once

#include <functional>
#include <memory>

#include <c10/core/Device.h>

namespace moestro {

// While it lives, what this thread asks of a CUDA device goes to a stream of its own, as capturing
// needs; it waits for the device at both ends. Nothing on a CPU.
class OwnStream {
 public:
  explicit OwnStream(c10::Device device);
  ~OwnStream();
  OwnStream(const OwnStream&) = delete;
  OwnStream& operator=(const OwnStream&) = delete;

 private:
  struct Guard;
  c10::Device device_;
  std::unique_ptr<Guard> guard_;
};

class DeviceGraph {
 public:
  // Whether this build can write down work of that device.
  static bool possible(c10::Device device);

  DeviceGraph();
  ~DeviceGraph();
  DeviceGraph(DeviceGraph&&) noexcept;
  DeviceGraph& operator=(DeviceGraph&&) noexcept;

  // Writes down what `work` asks of the device, without doing it; under an OwnStream. What `work`
  // allocates stays where it is, and each replay writes there. It must read nothing back, copy
  // nothing from the host and have run before (kernels are chosen at a first run). Throws what
  // `work` throws; then nothing is written down.
  void capture(const std::function<void()>& work);
  void replay();

 private:
  struct Graph;
  std::unique_ptr<Graph> graph_;
};

}  // namespace moestro
