// Stored numbers, float32 or bfloat16, as vectors of floats. No include guard: see
// on_each_path.h.

typedef uint16_t Halves __attribute__((vector_size(2 * kLanes)));
typedef uint32_t Words __attribute__((vector_size(4 * kLanes)));

MOESTRO_INLINE Floats read(const float* from) {
  return load<Floats>(from);
}

MOESTRO_INLINE Words read_words(const c10::BFloat16* from) {
  return __builtin_convertvector(load<Halves>(from), Words);
}

MOESTRO_INLINE Floats read(const c10::BFloat16* from) {
  return (Floats)(read_words(from) << 16);
}

MOESTRO_INLINE void write(float* to, const Floats& value) {
  store(to, value);
}

// To the nearest, ties to even.
MOESTRO_INLINE void write(c10::BFloat16* to, const Floats& value) {
  const Words bits = (Words)value, nan = Words{} + 0x7fc0;
  const Words rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  const Words kept = value == value ? rounded : nan;
  store(to, __builtin_convertvector(kept, Halves));
}

// The numbers of two rows of bfloat16 in turn, as patterns of 32 bits.
MOESTRO_INLINE Floats interleaved(const c10::BFloat16* even, const c10::BFloat16* odd) {
  return (Floats)(read_words(even) | (read_words(odd) << 16));
}
