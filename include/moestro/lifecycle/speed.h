// How fast and how big models are, measured in turns on one device: in evaluation, without
// gradients, forward passes alone on inputs that lie ready on the device, normalised.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "moestro/lifecycle/responder.h"

namespace moestro {

struct SpeedOptions {
  // Of each model at each batch size: timed calls, fewer once they have taken so many seconds.
  int64_t calls = 100, least_calls = 5;
  double seconds = 1;
  int64_t largest = 262144;  // batch
  double slowest_call = 2;   // seconds; no batch that is expected to take longer
};

struct Speed {
  int64_t parameters = 0;
  Cost cost;  // of a sample; the mean over the rows
  // Milliseconds of a batch of one sample: the quartiles over the calls, each on another row.
  double latency_lower = 0, latency = 0, latency_upper = 0;
  double samples_a_second = 0;  // the most, by the median call
  int64_t batch = 1;            // with which
  // Bytes of a batch of one, and of that batch: of all weights, the inputs, and the most that a
  // call holds at once.
  int64_t memory = 0, batch_memory = 0;
};

// One of each model, all on the same rows and on one device. Batches of 1, 8, 64, ... samples, rows
// repeated where there are fewer, until none of the models gains 5 % by a larger one or memory is
// out: a GPU's, or on a CPU 4 GiB. Of a translator what is timed is one pass over sentences beside
// their translations, which the rows must have: not the search for one, which takes as long as it
// gets.
std::vector<Speed> measure_speed(std::span<const Responder> models, const Dataset& rows,
                                 const SpeedOptions& options = {});
Speed measure_speed(const Responder& model, const Dataset& rows, const SpeedOptions& options = {});

// How many times as fast one of two models can be as the other where only what it has to do less
// takes time, and how many times as fast it is.
struct SpeedBound {
  std::size_t faster = 0;  // the model that has less to do, 0 or 1
  double allowed = 1, measured = 1;

  double reached() const { return measured / allowed; }
};
// By the weights that are read for a batch of one.
SpeedBound latency_bound(const Speed& first, const Speed& second);
// By the operations of a sample in a large batch.
SpeedBound throughput_bound(const Speed& first, const Speed& second);

}  // namespace moestro
