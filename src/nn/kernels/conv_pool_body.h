// The arithmetic of conv_pool_kernel.h: kLanes samples side by side in the lanes of a vector.
//
// A window of 2 x 2 outputs needs a patch of (K + 1)^2 inputs, which is read once for its four
// convolutions; the winner alone is written. On the way back a window's gradient meets the K^2
// inputs under its winner. No include guard: on_each_path.h includes it once for each.

inline void images_to_lanes(const ConvPoolShape& shape, const float* x, float* lanes, int64_t first,
                            int64_t last) {
  const int64_t plane = shape.height * shape.width, sample = shape.channels * plane;
  x += first * kLanes * sample;
  lanes += first * shape.pixels() * kLanes;
  for (int64_t b = first; b < last; ++b) {
    const int64_t valid = std::min<int64_t>(kLanes, shape.samples - b * kLanes);
    if (shape.pad == 0) {
      rows_to_lanes(x, sample, valid, sample, lanes);
    } else {
      std::fill_n(lanes, shape.pixels() * kLanes, 0.f);
      for (int64_t row = 0; row < shape.channels * shape.height; ++row)
        rows_to_lanes(x + row * shape.width, sample, valid, shape.width,
                      lanes + shape.padded_place(row) * kLanes);
    }
    x += kLanes * sample;
    lanes += shape.pixels() * kLanes;
  }
}

// meets(tap, p, value) for every tap of the K x K kernel at each of the window's four places
// p = 2 dy + dx: value is what lies there. The patch is read once.
template <int K, class Meets>
MOESTRO_INLINE void for_window(const float* patch, int64_t width, const Meets& meets) {
#pragma GCC unroll 6
  for (int r = 0; r <= K; ++r)
#pragma GCC unroll 6
    for (int c = 0; c <= K; ++c) {
      const Floats value = load<Floats>(patch + (r * width + c) * kLanes);
#pragma GCC unroll 4
      for (int p = 0; p < 4; ++p) {
        const int i = r - p / 2, j = c - p % 2;
        if (i >= 0 && i < K && j >= 0 && j < K) meets(i * K + j, p, value);
      }
    }
}

// The four convolutions of a window.
template <int K>
MOESTRO_INLINE void convolve_window(const float* patch, int64_t width, const float* weight,
                                    Floats (&sums)[4]) {
  for_window<K>(patch, width, [&](int tap, int p, const Floats& value) MOESTRO_INLINED {
    sums[p] += weight[tap] * value;
  });
}

// The first of the largest, NaN above numbers, as at::max_pool2d.
MOESTRO_INLINE Ints take_largest(const Floats (&values)[4], Floats& best) {
  Ints winner = {};
  best = values[0];
#pragma GCC unroll 4
  for (int p = 1; p < 4; ++p) {
    const Ints place = Ints{} + p;
    winner = values[p] > best ? place : winner;
    best = values[p] > best ? values[p] : best;
    winner = values[p] != values[p] ? place : winner;
    best = values[p] != values[p] ? values[p] : best;
  }
  return winner;
}

// One filter on one block: out [windows, kLanes].
template <int K>
inline void convolve_filter(const ConvPoolForward& work, int64_t filter, const float* lanes,
                            float* out, uint8_t* winners) {
  const ConvPoolShape& shape = work.shape;
  const int64_t width = shape.padded_width(), plane = shape.padded_height() * width;
  const float* weight = work.weight + filter * shape.taps();
  const Floats bias = Floats{} + work.bias[filter];
  for (int64_t i = 0; i < shape.conv_height() / 2; ++i)
    for (int64_t j = 0; j < shape.conv_width() / 2; ++j) {
      Floats sums[4] = {bias, bias, bias, bias}, best;
      const float* patch = lanes + (2 * i * width + 2 * j) * kLanes;
      convolve_window<K>(patch, width, weight, sums);
      for (int64_t c = 1; c < shape.channels; ++c)
        convolve_window<K>(patch + c * plane * kLanes, width, weight + c * K * K, sums);
      Ints winner = take_largest(sums, best);
      if (work.relu) {
        winner = best <= 0 ? Ints{} + int32_t{kNoWinner} : winner;
        best = best <= 0 ? Floats{} : best;
      }
      store(out, best);
      out += kLanes;
      if (winners) {
        store(winners, __builtin_convertvector(winner, Bytes));
        winners += kLanes;
      }
    }
}

template <int K>
inline void convolve(const ConvPoolForward& work, float* scratch, int64_t first, int64_t last) {
  const ConvPoolShape& shape = work.shape;
  const int64_t windows = shape.windows();
  for (int64_t b = first; b < last; ++b)
    for (int64_t g = 0; g < shape.filters; ++g) {
      uint8_t* winners =
          work.winners ? work.winners + (b * shape.filters + g) * windows * kLanes : nullptr;
      convolve_filter<K>(work, g, work.lanes + b * shape.pixels() * kLanes, scratch, winners);
      lanes_to_rows(scratch, windows, work.out + work.places.at(b * kLanes, g),
                    work.places.sample_stride,
                    std::min<int64_t>(kLanes, shape.samples - b * kLanes));
    }
}

inline void conv_pool_forward(const ConvPoolForward& work, float* scratch, int64_t first,
                              int64_t last) {
  if (work.shape.kernel == 3) return convolve<3>(work, scratch, first, last);
  convolve<5>(work, scratch, first, last);
}

template <int K>
MOESTRO_INLINE void add_window(const float* patch, int64_t width, const Floats (&at)[4],
                               Floats (&sums)[K * K]) {
  for_window<K>(patch, width, [&](int tap, int p, const Floats& value) MOESTRO_INLINED {
    sums[tap] += at[p] * value;
  });
}

// The gradients of one filter's weights on one channel; returns that of its bias.
template <int K>
inline float filter_gradient(const ConvPoolShape& shape, const float* lanes, const float* grad_out,
                             const uint8_t* winners, float* grads) {
  const int64_t width = shape.padded_width();
  Floats sums[K * K] = {}, bias = {};
  for (int64_t i = 0; i < shape.conv_height() / 2; ++i)
    for (int64_t j = 0; j < shape.conv_width() / 2; ++j) {
      const Floats grad = load<Floats>(grad_out);
      const Ints winner = __builtin_convertvector(load<Bytes>(winners), Ints);
      grad_out += kLanes;
      winners += kLanes;
      Floats at[4];
#pragma GCC unroll 4
      for (int p = 0; p < 4; ++p) at[p] = winner == p ? grad : Floats{};
      bias += (at[0] + at[1]) + (at[2] + at[3]);
      add_window<K>(lanes + (2 * i * width + 2 * j) * kLanes, width, at, sums);
    }
  for (int k = 0; k < K * K; ++k) grads[k] = sum(sums[k]);
  return sum(bias);
}

template <int K>
inline void convolve_back(const ConvPoolBackward& work, float* scratch, int64_t first,
                          int64_t last) {
  const ConvPoolShape& shape = work.shape;
  const int64_t windows = shape.windows(), plane = shape.padded_height() * shape.padded_width();
  for (int64_t b = first; b < last; ++b)
    for (int64_t g = 0; g < shape.filters; ++g) {
      rows_to_lanes(work.grad_out + work.places.at(b * kLanes, g), work.places.sample_stride,
                    std::min<int64_t>(kLanes, shape.samples - b * kLanes), windows, scratch);
      const float* lanes = work.lanes + b * shape.pixels() * kLanes;
      const uint8_t* winners = work.winners + (b * shape.filters + g) * windows * kLanes;
      float* grads = work.grads + (b * shape.filters + g) * (shape.taps() + 1);
      for (int64_t c = 0; c < shape.channels; ++c)
        grads[shape.taps()] = filter_gradient<K>(shape, lanes + c * plane * kLanes, scratch,
                                                 winners, grads + c * K * K);
    }
}

inline void conv_pool_backward(const ConvPoolBackward& work, float* scratch, int64_t first,
                               int64_t last) {
  if (work.shape.kernel == 3) return convolve_back<3>(work, scratch, first, last);
  convolve_back<5>(work, scratch, first, last);
}

// Sums over the positions of a row are of float32, those over rows of double: where pixels are far
// from zero, what is left of a variance is small beside them.
typedef double Doubles __attribute__((vector_size(8 * kLanes)));

MOESTRO_INLINE void add_row(Doubles& total, const Floats& row) {
  total += __builtin_convertvector(row, Doubles);
}

MOESTRO_INLINE double sum(const Doubles& value) {
  double total = 0;
  for (int i = 0; i < kLanes; ++i) total += value[i];
  return total;
}

// B taps from A on with themselves and all later ones, of a K x K kernel on one channel: as many
// sums as stay in registers.
template <int K, int A, int B>
inline void sum_channel(const ConvPoolShape& shape, const float* lanes, double* moments) {
  const int64_t width = shape.padded_width(), taps = shape.taps();
  constexpr int kLater = K * K - A;
  Doubles totals[B][kLater] = {}, total[B] = {};
  for (int64_t i = 0; i < shape.conv_height(); ++i) {
    Floats with[B][kLater] = {}, alone[B] = {};
    for (int64_t j = 0; j < shape.conv_width(); ++j) {
      Floats values[kLater];
#pragma GCC unroll 9
      for (int t = 0; t < kLater; ++t)
        values[t] = load<Floats>(lanes + ((i + (A + t) / K) * width + j + (A + t) % K) * kLanes);
#pragma GCC unroll 9
      for (int a = 0; a < B; ++a) {
        alone[a] += values[a];
#pragma GCC unroll 9
        for (int t = a; t < kLater; ++t) with[a][t] += values[a] * values[t];
      }
    }
#pragma GCC unroll 9
    for (int a = 0; a < B; ++a) {
      add_row(total[a], alone[a]);
#pragma GCC unroll 9
      for (int t = a; t < kLater; ++t) add_row(totals[a][t], with[a][t]);
    }
  }
  for (int a = 0; a < B; ++a) {
    double* sums = moments + (A + a) * (taps + 1);
    sums[taps] = sum(total[a]);
    for (int t = a; t < kLater; ++t) sums[A + t] = sum(totals[a][t]);
  }
}

// Tap a with the taps from b on, kAtOnce of them; those behind the last one repeat it.
constexpr int kAtOnce = 9;

inline void sum_products(const ConvPoolShape& shape, const float* lanes, int64_t a, int64_t b,
                         double* sums) {
  const int64_t last = shape.taps() - 1, width = shape.padded_width();
  const float *one = lanes + shape.tap_place(a) * kLanes, *others[kAtOnce];
#pragma GCC unroll 9
  for (int t = 0; t < kAtOnce; ++t)
    others[t] = lanes + shape.tap_place(std::min(b + t, last)) * kLanes;
  Doubles totals[kAtOnce] = {}, total = {};
  for (int64_t i = 0; i < shape.conv_height(); ++i) {
    Floats with[kAtOnce] = {}, alone = {};
    for (int64_t j = 0; j < shape.conv_width(); ++j) {
      const int64_t at = (i * width + j) * kLanes;
      const Floats value = load<Floats>(one + at);
      alone += value;
#pragma GCC unroll 9
      for (int t = 0; t < kAtOnce; ++t) with[t] += value * load<Floats>(others[t] + at);
    }
    add_row(total, alone);
#pragma GCC unroll 9
    for (int t = 0; t < kAtOnce; ++t) add_row(totals[t], with[t]);
  }
  sums[last + 1] = sum(total);
#pragma GCC unroll 9
  for (int t = 0; t < kAtOnce; ++t)
    if (b + t <= last) sums[b + t] = sum(totals[t]);
}

inline void patch_sums(const ConvPoolShape& shape, const float* lanes, double* moments,
                       int64_t first, int64_t last) {
  const int64_t taps = shape.taps();
  for (int64_t b = first; b < last; ++b) {
    const float* block = lanes + b * shape.pixels() * kLanes;
    double* sums = moments + b * taps * (taps + 1);
    if (taps == 9) {
      sum_channel<3, 0, 2>(shape, block, sums);
      sum_channel<3, 2, 3>(shape, block, sums);
      sum_channel<3, 5, 4>(shape, block, sums);
      continue;
    }
    for (int64_t a = 0; a < taps; ++a)
      for (int64_t other = a; other < taps; other += kAtOnce)
        sum_products(shape, block, a, other, sums + a * (taps + 1));
  }
}
