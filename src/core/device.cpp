#include "moestro/core/device.h"

#include <filesystem>
#include <fstream>
#include <string_view>

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>

#include "moestro/core/error.h"

namespace moestro {
namespace {

// The value of the first "key : value" line of a file of the kernel's.
std::string first_value(const std::filesystem::path& path, std::string_view key) {
  std::ifstream info(path);
  for (std::string line; std::getline(info, line);) {
    const auto colon = line.find(':');
    if (!line.starts_with(key) || colon == std::string::npos) continue;
    const auto start = line.find_first_not_of(" \t", colon + 1);
    return start == std::string::npos ? "" : line.substr(start);
  }
  return "unknown model";
}

// Read from the driver, since asking CUDA itself needs the toolkit's headers.
std::string gpu_name() {
  std::error_code none;
  for (const auto& gpu : std::filesystem::directory_iterator("/proc/driver/nvidia/gpus", none))
    return first_value(gpu.path() / "information", "Model");
  return "unknown model";
}

}  // namespace

int64_t gpu_count() {
  return at::hasCUDA() ? at::detail::getCUDAHooks().deviceCount() : 0;
}

c10::Device resolve_device(const std::string& name) {
  if (name == "cpu") return c10::kCPU;
  if (name != "auto" && name != "cuda")
    throw UserError("unknown device \"{}\"; expected auto, cpu or cuda", name);
  if (gpu_count() > 0) {
    // cuDNN's attention makes a plan for every new length: a minute over the first epoch of texts.
    at::globalContext().setSDPUseCuDNN(false);
    // Convolutions by the way that is fastest when tried; where shapes vary, see NoTrials.
    at::globalContext().setBenchmarkCuDNN(true);
    return c10::Device(c10::kCUDA, 0);
  }
  if (name == "auto") return c10::kCPU;
  throw UserError("device \"cuda\" asked for, but {}",
                  at::hasCUDA() ? "no CUDA device was found"
                                : "this LibTorch is a CPU build; expected auto or cpu");
}

std::string describe_device(c10::Device device) {
  if (device.is_cuda()) return fmt::format("cuda ({})", gpu_name());
  return fmt::format("cpu ({}, {} thread{})", first_value("/proc/cpuinfo", "model name"),
                     at::get_num_threads(), at::get_num_threads() == 1 ? "" : "s");
}

NoTrials::NoTrials() : before_(at::globalContext().benchmarkCuDNN()) {
  at::globalContext().setBenchmarkCuDNN(false);
}

NoTrials::~NoTrials() {
  at::globalContext().setBenchmarkCuDNN(before_);
}

void synchronise(c10::Device device) {
  if (device.is_cuda()) at::detail::getCUDAHooks().deviceSynchronize(device.index());
}

int64_t set_threads(int64_t threads) {
  constexpr int64_t most = 4096;
  if (threads < 0 || threads > most)
    throw UserError("threads = {}; expected 0 (automatic) to {}", threads, most);
  if (threads > 0) at::set_num_threads(static_cast<int>(threads));
  return at::get_num_threads();
}

}  // namespace moestro
