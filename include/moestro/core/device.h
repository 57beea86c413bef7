// Where to compute, in which precision, with how many threads.
#pragma once

#include <cstdint>
#include <string>

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

namespace moestro {

// "auto" (CUDA where there is one), "cpu", "cuda". Throws UserError for another word, or for "cuda"
// where there is none.
c10::Device resolve_device(const std::string& name);

// GPUs that LibTorch sees; 0 for a CPU build.
int64_t gpu_count();

// "cpu (AMD EPYC 9654, 2 threads)" or "cuda (NVIDIA H200)": for manifests and tables.
std::string describe_device(c10::Device device);

// While it lives, convolutions on a GPU are not tried out to find the fastest way: where every call
// has another shape, trying costs more than it saves.
class NoTrials {
 public:
  NoTrials();
  ~NoTrials();
  NoTrials(const NoTrials&) = delete;
  NoTrials& operator=(const NoTrials&) = delete;

 private:
  bool before_;
};

// Waits until all that was asked of it is done; on the CPU it is.
void synchronise(c10::Device device);

// Sets the threads that one operation may use; 0 keeps LibTorch's choice. Returns those in force.
int64_t set_threads(int64_t threads);

}  // namespace moestro
