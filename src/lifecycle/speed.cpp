#include "moestro/lifecycle/speed.h"

#include <algorithm>
#include <map>
#include <optional>

#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>

#include "moestro/core/clock.h"
#include "moestro/core/device.h"
#include "moestro/core/error.h"
#include "moestro/core/memory.h"
#include "moestro/core/peak_memory.h"
#include "moestro/data/answers.h"

namespace moestro {
namespace {

constexpr int64_t kStep = 8;  // from one batch size to the next
constexpr double kGain = 1.05;
// More than a GPU has is refused; more than a machine has ends the process.
constexpr double kMostOnCpu = 4. * (1LL << 30);
constexpr double kWarmUpSeconds = .2;
constexpr int kWarmUpCalls = 20;

// So many rows, spread evenly over those there are.
Tensor spread(int64_t count, int64_t rows) {
  return (at::arange(count, at::kLong) * rows).floor_divide(count);
}

struct Call {
  Tensor inputs;
  ForwardContext context;
};

// A model with the rows that it is timed on, all on its device.
class Timed {
 public:
  Timed(const Responder& responder, const Dataset& rows)
      : responder_(responder), inputs_(rows.inputs.to(responder.device)) {
    if (rows.is_text()) lengths_N_ = rows.lengths_N();
    if (rows.is_translation()) target_lengths_N_ = lengths(rows.targets_N);
    if (rows.has_targets())
      targets_N_ = responder.data.normaliser.apply_to_targets(rows.targets_N).to(responder.device);
  }

  Call call(const Tensor& rows_B) const {
    const Tensor rows = rows_B.to(responder_.device);
    Tensor inputs = up_to_the_longest(inputs_.index_select(0, rows), lengths_N_, rows_B);
    Call call{responder_.data.normaliser.apply(inputs).contiguous(),
              {.precision = responder_.options().precision}};
    if (targets_N_.defined())
      call.context.targets_N =
          up_to_the_longest(targets_N_.index_select(0, rows), target_lengths_N_, rows_B);
    return call;
  }

  double seconds(const Call& call) const {
    synchronise(responder_.device);
    const double start = seconds_now();
    run(call);
    synchronise(responder_.device);
    return seconds_now() - start;
  }

  void warm_up(const Call& call) const {
    double spent = 0;
    for (int calls = 0; calls < 2 || (calls < kWarmUpCalls && spent < kWarmUpSeconds); ++calls)
      spent += seconds(call);
  }

  // Beside the weights.
  int64_t bytes(const Call& call) const {
    return static_cast<int64_t>(call.inputs.nbytes()) +
           peak_bytes(responder_.device, [&] { run(call); });
  }

  int64_t bytes_of_weights() const {
    size_t bytes = 0;
    for (const Parameter& parameter : responder_.model.parameters())
      bytes += parameter.value.nbytes();
    for (const Buffer& buffer : responder_.model.buffers()) bytes += buffer.value.nbytes();
    return static_cast<int64_t>(bytes);
  }

  Cost cost() const {
    const Model& model = responder_.model;
    if (!lengths_N_.defined()) return model.cost(1);
    // A sentence and its translation count as two of their mean length.
    const Tensor tokens_N = target_lengths_N_.defined()
                                ? (lengths_N_ + target_lengths_N_ + 1).floor_divide(2)
                                : lengths_N_;
    std::map<int64_t, double> texts;  // of each length
    const double share = 1 / static_cast<double>(tokens_N.numel());
    for (int64_t n = 0; n < tokens_N.numel(); ++n)
      texts[tokens_N.const_data_ptr<int64_t>()[n]] += share;
    Cost mean;
    for (const auto& [tokens, part] : texts) mean += model.cost(tokens).times(part, part);
    return mean;
  }

  int64_t parameters() const { return responder_.model.parameter_count(); }
  bool on_cpu() const { return responder_.device.is_cpu(); }

 private:
  // Of token ids; what has no lengths is left as it is.
  static Tensor up_to_the_longest(const Tensor& batch, const Tensor& lengths_N,
                                  const Tensor& rows_B) {
    if (!lengths_N.defined()) return batch;
    return batch.narrow(1, 0, lengths_N.index_select(0, rows_B).max().item<int64_t>());
  }
  void run(const Call& call) const { responder_.model.forward(call.inputs, call.context, {}); }

  const Responder& responder_;
  Tensor inputs_, lengths_N_, targets_N_, target_lengths_N_;
};

// What a model takes for one batch size.
struct Rung {
  double lower = 0, median = 0, upper = 0;  // seconds of a call
  int64_t bytes = 0;                        // beside the weights
};

std::vector<Call> calls_of(const Timed& model, int64_t batch, int64_t rows,
                           const SpeedOptions& options) {
  if (batch > 1) return {model.call(spread(batch, rows))};
  std::vector<Call> calls;
  for (const Tensor& row : spread(options.calls, rows).split(1)) calls.push_back(model.call(row));
  return calls;
}

// The models take turns, so that what slows the machine down for a while meets all of them.
std::vector<Rung> measure(const std::vector<Timed>& models, int64_t batch, int64_t rows,
                          const SpeedOptions& options) {
  std::vector<std::vector<Call>> calls;
  for (const Timed& model : models) {
    calls.push_back(calls_of(model, batch, rows, options));
    model.warm_up(calls.back().front());
  }
  std::vector<std::vector<double>> seconds(models.size());
  const double end = seconds_now() + options.seconds * static_cast<double>(models.size());
  for (int64_t turn = 0; turn < options.calls; ++turn) {
    if (turn >= options.least_calls && seconds_now() > end) break;
    for (std::size_t m = 0; m < models.size(); ++m)
      seconds[m].push_back(models[m].seconds(calls[m][turn % calls[m].size()]));
  }
  const Tensor quarters = at::tensor({.25, .5, .75}, at::kDouble);
  std::vector<Rung> rungs;
  for (std::size_t m = 0; m < models.size(); ++m) {
    const Tensor quartiles = at::tensor(seconds[m], at::kDouble).quantile(quarters);
    const double* of = quartiles.const_data_ptr<double>();
    rungs.push_back({of[0], of[1], of[2], models[m].bytes(calls[m].front())});
  }
  return rungs;
}

// Whether the next larger batch is one to try.
bool fits(const std::vector<Rung>& rungs, bool on_cpu, const SpeedOptions& options) {
  return std::ranges::all_of(rungs, [&](const Rung& rung) {
    return kStep * rung.median <= options.slowest_call &&
           (!on_cpu || kStep * static_cast<double>(rung.bytes) <= kMostOnCpu);
  });
}

// Keeps the batch where it is the fastest so far; whether it is so clearly.
bool improve(Speed& speed, const Rung& rung, int64_t batch, int64_t weights) {
  const double rate = static_cast<double>(batch) / rung.median;
  const bool clearly = rate > kGain * speed.samples_a_second;
  if (rate <= speed.samples_a_second) return false;
  speed.samples_a_second = rate;
  speed.batch = batch;
  speed.batch_memory = weights + rung.bytes;
  return clearly;
}

Speed alone(const Timed& model, const Rung& rung) {
  constexpr double kMilliseconds = 1000;
  Speed speed{.parameters = model.parameters(), .cost = model.cost()};
  speed.latency_lower = kMilliseconds * rung.lower;
  speed.latency = kMilliseconds * rung.median;
  speed.latency_upper = kMilliseconds * rung.upper;
  speed.memory = model.bytes_of_weights() + rung.bytes;
  improve(speed, rung, 1, model.bytes_of_weights());
  return speed;
}

// None where memory is out.
std::optional<std::vector<Rung>> try_to_measure(const std::vector<Timed>& models, int64_t batch,
                                                int64_t rows, const SpeedOptions& options) {
  try {
    return measure(models, batch, rows, options);
  } catch (const std::exception& error) {
    if (!is_out_of_memory(error)) throw;
    return {};
  }
}

SpeedBound bound(double first_work, double second_work, double first_rate, double second_rate) {
  const bool second = second_work < first_work;
  const double allowed = second ? first_work / second_work : second_work / first_work;
  return {second ? std::size_t{1} : 0, allowed,
          second ? second_rate / first_rate : first_rate / second_rate};
}

}  // namespace

std::vector<Speed> measure_speed(std::span<const Responder> responders, const Dataset& rows,
                                 const SpeedOptions& options) {
  MOESTRO_CHECK(!responders.empty() && rows.rows() > 0 && options.calls > 0);
  std::vector<Timed> models;
  for (const Responder& responder : responders) {
    MOESTRO_CHECK(!responder.translates() || rows.is_translation());
    MOESTRO_CHECK(responder.device == responders.front().device, "models on two devices");
    models.emplace_back(responder, rows);
  }
  const at::NoGradGuard no_gradients;
  std::vector<Rung> rungs = measure(models, 1, rows.rows(), options);
  std::vector<Speed> speeds;
  for (std::size_t m = 0; m < models.size(); ++m) speeds.push_back(alone(models[m], rungs[m]));
  for (int64_t batch = kStep; batch <= options.largest; batch *= kStep) {
    if (!fits(rungs, models.front().on_cpu(), options)) break;
    const auto next = try_to_measure(models, batch, rows.rows(), options);
    if (!next) break;
    rungs = *next;
    bool gained = false;
    for (std::size_t m = 0; m < models.size(); ++m)
      gained |= improve(speeds[m], rungs[m], batch, models[m].bytes_of_weights());
    if (!gained) break;
  }
  return speeds;
}

Speed measure_speed(const Responder& model, const Dataset& rows, const SpeedOptions& options) {
  return measure_speed(std::span(&model, 1), rows, options).front();
}

SpeedBound latency_bound(const Speed& first, const Speed& second) {
  return bound(first.cost.weights, second.cost.weights, 1 / first.latency, 1 / second.latency);
}

SpeedBound throughput_bound(const Speed& first, const Speed& second) {
  return bound(first.cost.operations, second.cost.operations, first.samples_a_second,
               second.samples_a_second);
}

}  // namespace moestro
