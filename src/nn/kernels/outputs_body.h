// Outputs of experts, wherever they lie, as lanes of samples. No include guard: bodies of
// on_each_path.h include it.

// classes values of `valid` samples, wherever they lie, -> lanes [classes, kLanes].
inline void read_lanes(const float* from, const MixPlaces& places, int64_t classes, int64_t valid,
                       float* lanes) {
  if (places.category == 1) return rows_to_lanes(from, places.sample, valid, classes, lanes);
  for (int64_t c = 0; c < classes; ++c, from += places.category, lanes += kLanes) {
    if (places.sample == 1 && valid == kLanes)
      store(lanes, load<Floats>(from));
    else
      for (int64_t n = 0; n < kLanes; ++n) lanes[n] = n < valid ? from[n * places.sample] : 0;
  }
}

inline void write_lanes(const float* lanes, const MixPlaces& places, int64_t classes, int64_t valid,
                        float* to) {
  if (places.category == 1) return lanes_to_rows(lanes, classes, to, places.sample, valid);
  for (int64_t c = 0; c < classes; ++c, to += places.category, lanes += kLanes) {
    if (places.sample == 1 && valid == kLanes)
      store(to, load<Floats>(lanes));
    else
      for (int64_t n = 0; n < valid; ++n) to[n * places.sample] = lanes[n];
  }
}

// log sum_i exp(values_i); -inf where all are.
MOESTRO_INLINE Floats log_sum_exp(const float* values, int64_t count, int64_t stride) {
  Floats most = load<Floats>(values), total = {};
  for (int64_t i = 1; i < count; ++i) {
    const Floats value = load<Floats>(values + i * stride);
    most = value > most ? value : most;
  }
  const Floats lowest = Floats{} - 3e38f;
  most = most < lowest ? lowest : most;
  for (int64_t i = 0; i < count; ++i)
    total += exponential(load<Floats>(values + i * stride) - most);
  return most + logarithm(total);
}
