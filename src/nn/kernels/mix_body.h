// The arithmetic of mix_kernel.h. No include guard: on_each_path.h includes it once for each.

#include "outputs_body.h"

// scratch: [experts + 1, classes, kLanes].
inline void mix_block(const MixForward& work, float* scratch, int64_t block) {
  const auto [samples, experts, classes] = work.shape;
  const int64_t n = block * kLanes, valid = std::min<int64_t>(kLanes, samples - n);
  const int64_t width = classes * kLanes;
  float *weights = scratch + experts * width, *mixed = weights;  // the weights are read first
  for (int64_t e = 0; e < experts; ++e) {
    float* logits = scratch + e * width;
    read_lanes(work.out + n * work.places.sample + e * work.places.expert, work.places, classes,
               valid, logits);
    read_lanes(work.weights + n * experts + e, {experts, 0, 0}, 1, valid, weights);
    const Floats normaliser = log_sum_exp(logits, classes, kLanes);
    store(work.normalisers + (block * experts + e) * kLanes, normaliser);
    const Floats shift = logarithm(load<Floats>(weights)) - normaliser;
    for (int64_t c = 0; c < width; c += kLanes) store(logits + c, load<Floats>(logits + c) + shift);
  }
  for (int64_t c = 0; c < width; c += kLanes)
    store(mixed + c, log_sum_exp(scratch + c, experts, width));
  lanes_to_rows(mixed, classes, work.mixed + n * classes, classes, valid);
}

inline void mix_forward(const MixForward& work, float* scratch, int64_t first, int64_t last) {
  for (int64_t block = first; block < last; ++block) mix_block(work, scratch, block);
}

// With p_c = softmax(out)_c and t_c = grad_c p_c / mixed_c:
//   d weight = sum_c t_c,   d out_c = weight (t_c - p_c sum_c t_c).
// A weight of exactly 0 gets no gradient. scratch: [4, classes, kLanes].
inline void mix_block_back(const MixBackward& work, float* scratch, int64_t block) {
  const auto [samples, experts, classes] = work.shape;
  const int64_t n = block * kLanes, valid = std::min<int64_t>(kLanes, samples - n);
  const int64_t width = classes * kLanes;
  float *grads = scratch, *mixed = grads + width, *logits = mixed + width, *shares = logits + width;
  rows_to_lanes(work.grad_mixed + n * classes, classes, valid, classes, grads);
  rows_to_lanes(work.mixed + n * classes, classes, valid, classes, mixed);
  for (int64_t e = 0; e < experts; ++e) {
    const int64_t at = n * work.places.sample + e * work.places.expert;
    float one[kLanes];
    read_lanes(work.weights + n * experts + e, {experts, 0, 0}, 1, valid, one);
    read_lanes(work.out + at, work.places, classes, valid, logits);
    const Floats weight = load<Floats>(one);
    const Floats normaliser = load<Floats>(work.normalisers + (block * experts + e) * kLanes);
    Floats total = {};
    for (int64_t c = 0; c < width; c += kLanes) {
      const Floats log_p = load<Floats>(logits + c) - normaliser;
      const Floats log_mixed = load<Floats>(mixed + c), lowest = Floats{} - 3e38f;
      // A class that no expert holds possible has no share, rather than one of NaN.
      const Floats ratio = log_mixed < lowest ? Floats{} : exponential(log_p - log_mixed);
      const Floats share = load<Floats>(grads + c) * ratio;
      total += share;
      store(shares + c, share);
      store(logits + c, exponential(log_p));
    }
    for (int64_t c = 0; c < width; c += kLanes)
      store(logits + c, weight * (load<Floats>(shares + c) - load<Floats>(logits + c) * total));
    write_lanes(logits, work.places, classes, valid, work.grad_out + at);
    store(one, weight == 0 ? Floats{} : total);
    write_lanes(one, {experts, 0, 0}, 1, valid, work.grad_weights + n * experts + e);
  }
}

inline void mix_backward(const MixBackward& work, float* scratch, int64_t first, int64_t last) {
  for (int64_t block = first; block < last; ++block) mix_block_back(work, scratch, block);
}
