#include "moestro/core/random.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/Functions.h>

#include "moestro/core/error.h"

namespace moestro {
namespace {

// The finaliser of SplitMix64 (Steele, Lea, Flood 2014).
uint64_t mix(uint64_t value) {
  value += 0x9e3779b97f4a7c15ull;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ull;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebull;
  return value ^ (value >> 31);
}

}  // namespace

uint64_t RandomKey::hash() const {
  uint64_t state = mix(seed);
  state = mix(state ^ static_cast<uint64_t>(stream));
  for (const char c : name) state = mix(state ^ static_cast<unsigned char>(c));
  return mix(state ^ index);
}

at::Generator generator(const RandomKey& key, c10::Device device) {
  const uint64_t hash = key.hash();
  if (device.is_cpu()) return at::detail::createCPUGenerator(hash);
  // A copy of the device's default generator, so that nobody else's draws move.
  at::Generator own = at::globalContext().defaultGenerator(device).clone();
  own.set_current_seed(hash);
  return own;
}

Tensor uniform(const RandomKey& key, const Shape& shape, double low, double high) {
  return at::empty(shape).uniform_(low, high, generator(key));
}

Tensor permutation(const RandomKey& key, int64_t n) {
  MOESTRO_CHECK(n >= 0);
  return at::randperm(n, generator(key), at::TensorOptions().dtype(at::kLong));
}

}  // namespace moestro
