// The arithmetic of variance_kernel.h. No include guard: on_each_path.h includes it once for each.

#include "outputs_body.h"

// Lanes of an expert's outputs, or of their log softmax; added to `sums` [classes, kLanes].
inline void add_expert(const VarianceWork& work, int64_t from, int64_t valid, float* lanes,
                       float* sums) {
  const int64_t classes = work.shape.classes, width = classes * kLanes;
  read_lanes(work.out + from, work.places, classes, valid, lanes);
  const Floats shift = work.log_probabilities ? log_sum_exp(lanes, classes, kLanes) : Floats{};
  for (int64_t c = 0; c < width; c += kLanes) {
    const Floats value = load<Floats>(lanes + c) - shift;
    store(lanes + c, value);
    store(sums + c, load<Floats>(sums + c) + value);
  }
}

// With d_c the deviation: d_c, or through the softmax d_c - p_c sum_c d_c.
inline void write_gradient(const VarianceWork& work, int64_t to, int64_t valid, const float* mean,
                           const Floats& total, float* lanes) {
  const int64_t classes = work.shape.classes, width = classes * kLanes;
  for (int64_t c = 0; c < width; c += kLanes) {
    const Floats value = load<Floats>(lanes + c);
    Floats grad = value - load<Floats>(mean + c);
    if (work.log_probabilities) grad -= exponential(value) * total;
    store(lanes + c, grad);
  }
  write_lanes(lanes, work.places, classes, valid, work.grad + to);
}

inline double sum_of_valid(const Floats& value, int64_t valid) {
  double total = 0;
  for (int64_t i = 0; i < valid; ++i) total += value[i];
  return total;
}

// scratch: [experts + 1, classes, kLanes].
inline void variance_block(const VarianceWork& work, float* scratch, int64_t block) {
  const auto [samples, experts, classes] = work.shape;
  const int64_t n = block * kLanes, valid = std::min<int64_t>(kLanes, samples - n);
  const int64_t width = classes * kLanes;
  float* mean = scratch + experts * width;
  std::fill(mean, mean + width, 0.f);
  const auto place = [&, places = work.places](int64_t e) {
    return n * places.sample + e * places.expert;
  };
  for (int64_t e = 0; e < experts; ++e)
    add_expert(work, place(e), valid, scratch + e * width, mean);

  Floats squares = {}, means = {};
  for (int64_t c = 0; c < width; c += kLanes) {
    const Floats one = load<Floats>(mean + c) / static_cast<float>(experts);
    store(mean + c, one);
    means += one * one;
  }
  for (int64_t e = 0; e < experts; ++e) {
    float* lanes = scratch + e * width;
    Floats total = {};
    for (int64_t c = 0; c < width; c += kLanes) {
      const Floats deviation = load<Floats>(lanes + c) - load<Floats>(mean + c);
      squares += deviation * deviation;
      total += deviation;
    }
    if (work.grad) write_gradient(work, place(e), valid, mean, total, lanes);
  }
  work.sums[2 * block] = sum_of_valid(squares, valid);
  work.sums[2 * block + 1] = sum_of_valid(means, valid);
}

inline void variance(const VarianceWork& work, float* scratch, int64_t first, int64_t last) {
  for (int64_t block = first; block < last; ++block) variance_block(work, scratch, block);
}
