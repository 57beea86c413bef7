// Keyed random streams. A draw is keyed by (run seed, stream, name, index), never by what was drawn
// before: arms that differ in one thing share all the rest, a new consumer shifts nobody, and a
// resumed run needs no saved generator state.
#pragma once

#include <cstdint>
#include <string_view>

#include <ATen/core/Generator.h>
#include <c10/core/Device.h>

#include "moestro/core/tensor.h"

namespace moestro {

enum class Stream : uint64_t { init, order, augment, noise, split };

struct RandomKey {
  uint64_t seed = 0;
  Stream stream = Stream::init;
  std::string_view name = {};  // tensor, layer or purpose
  uint64_t index = 0;          // expert, epoch or step

  uint64_t hash() const;  // 64 well mixed bits
};

// A generator of that device started at the key.
at::Generator generator(const RandomKey& key, c10::Device device = c10::kCPU);

// Uniform in [low, high), drawn on the CPU (so that it is the same for every device), float32.
Tensor uniform(const RandomKey& key, const Shape& shape, double low, double high);

// A permutation of 0 .. n-1, int64, on the CPU.
Tensor permutation(const RandomKey& key, int64_t n);

}  // namespace moestro
