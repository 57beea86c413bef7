// Vectors of kLanes floats in the compiler's vector extensions: one source for every instruction
// set. No include guard: on_each_path.h includes it once for each.

typedef float Floats __attribute__((vector_size(4 * kLanes)));
typedef int32_t Ints __attribute__((vector_size(4 * kLanes)));
typedef uint8_t Bytes __attribute__((vector_size(kLanes)));

// At any address.
template <class Vector, class Scalar>
MOESTRO_INLINE Vector load(const Scalar* from) {
  Vector value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <class Vector, class Scalar>
MOESTRO_INLINE void store(Scalar* to, const Vector& value) {
  std::memcpy(to, &value, sizeof value);
}

MOESTRO_INLINE float sum(const Floats& value) {
  float total = 0;
  for (int i = 0; i < kLanes; ++i) total += value[i];
  return total;
}

// Swaps the off-diagonal blocks of S x S between two rows whose numbers differ in the bit S.
template <int S, int... I>
MOESTRO_INLINE void swap_blocks(Floats& a, Floats& b, std::integer_sequence<int, I...>) {
  const Floats upper = __builtin_shufflevector(a, b, ((I & S) ? kLanes + I - S : I)...);
  b = __builtin_shufflevector(a, b, ((I & S) ? kLanes + I : I + S)...);
  a = upper;
}

template <int S>
MOESTRO_INLINE void transpose_from(Floats (&rows)[kLanes]) {
  if constexpr (S < kLanes) {
#pragma GCC unroll 16
    for (int r = 0; r < kLanes; ++r)
      if (!(r & S)) swap_blocks<S>(rows[r], rows[r + S], std::make_integer_sequence<int, kLanes>());
    transpose_from<2 * S>(rows);
  }
}

MOESTRO_INLINE void transpose(Floats (&rows)[kLanes]) {
  transpose_from<1>(rows);
}

// rows: `valid` <= kLanes rows of `count` floats, `stride` apart -> lanes [count, kLanes], zero
// where there is no row.
MOESTRO_INLINE void rows_to_lanes(const float* rows, int64_t stride, int64_t valid, int64_t count,
                                  float* lanes) {
  if (count < kLanes) {
    for (int64_t i = 0; i < count; ++i)
      for (int64_t r = 0; r < kLanes; ++r)
        lanes[i * kLanes + r] = r < valid ? rows[r * stride + i] : 0;
    return;
  }
  // The last tile begins early rather than end late.
  for (int64_t at = 0;; at = at + 2 * kLanes <= count ? at + kLanes : count - kLanes) {
    Floats tile[kLanes] = {};
    if (valid == kLanes) {
#pragma GCC unroll 16
      for (int r = 0; r < kLanes; ++r) tile[r] = load<Floats>(rows + r * stride + at);
    } else {
      for (int64_t r = 0; r < valid; ++r) tile[r] = load<Floats>(rows + r * stride + at);
    }
    transpose(tile);
#pragma GCC unroll 16
    for (int r = 0; r < kLanes; ++r) store(lanes + (at + r) * kLanes, tile[r]);
    if (at + kLanes >= count) return;
  }
}

// The way back: lanes [count, kLanes] -> `valid` rows.
MOESTRO_INLINE void lanes_to_rows(const float* lanes, int64_t count, float* rows, int64_t stride,
                                  int64_t valid) {
  if (count < kLanes) {
    for (int64_t r = 0; r < valid; ++r)
      for (int64_t i = 0; i < count; ++i) rows[r * stride + i] = lanes[i * kLanes + r];
    return;
  }
  for (int64_t at = 0;; at = at + 2 * kLanes <= count ? at + kLanes : count - kLanes) {
    Floats tile[kLanes];
#pragma GCC unroll 16
    for (int r = 0; r < kLanes; ++r) tile[r] = load<Floats>(lanes + (at + r) * kLanes);
    transpose(tile);
    if (valid == kLanes) {
#pragma GCC unroll 16
      for (int r = 0; r < kLanes; ++r) store(rows + r * stride + at, tile[r]);
    } else {
      for (int64_t r = 0; r < valid; ++r) store(rows + r * stride + at, tile[r]);
    }
    if (at + kLanes >= count) return;
  }
}

// e^x to about 1 unit in the last place; 0 below -87.3, where it is hardly a float any more.
MOESTRO_INLINE Floats exponential(const Floats& x) {
  constexpr float log2e = 1.44269504f, ln2_high = .693359375f, ln2_low = -2.12194440e-4f;
  const Floats top = x > 88.37f ? Floats{} + 88.37f : x;
  const Floats clamped = top < -87.3f ? Floats{} - 87.3f : top;
  // Adding 1.5 * 2^23 rounds to a whole number, kept in the low bits.
  const Floats shifted = clamped * log2e + 12582912.f;
  const Floats whole = shifted - 12582912.f;
  const Floats r = (clamped - whole * ln2_high) - whole * ln2_low;
  Floats p = r * 1.98756912e-4f + 1.39819994e-3f;
  p = p * r + 8.33345205e-3f;
  p = p * r + 4.16657962e-2f;
  p = p * r + .166666657f;
  p = p * r + .5f;
  p = p * r * r + r + 1.f;
  const Ints power = (__builtin_convertvector(whole, Ints) + 127) << 23;
  const Floats value = p * (Floats)power;
  return x < -87.3f ? Floats{} : value;
}

// log x for normal positive x, to about 1 unit in the last place; -inf for 0; NaN below.
MOESTRO_INLINE Floats logarithm(const Floats& x) {
  const Ints bits = (Ints)x;
  // m in [sqrt(.5), sqrt(2)), x = m 2^e.
  const Ints e = (bits - 0x3f3504f3) >> 23;
  const Floats m = (Floats)(bits - (e << 23)) - 1.f;
  const Floats exponent = __builtin_convertvector(e, Floats);
  Floats p = m * 7.0376836292e-2f - .11514610310f;
  p = p * m + .11676998740f;
  p = p * m - .12420140846f;
  p = p * m + .14249322787f;
  p = p * m - .16668057665f;
  p = p * m + .20000714765f;
  p = p * m - .24999993993f;
  p = p * m + .33333331174f;
  const Floats square = m * m;
  const Floats tail = m * square * p + exponent * -2.12194440e-4f - square * .5f;
  const Floats value = m + tail + exponent * .693359375f;
  const Floats infinity = Floats{} + __builtin_inff();
  const Floats checked = x > 0 ? value : (x == 0 ? -infinity : infinity - infinity);
  return checked;
}
