// The experts (SwiGLU) of a sparse mixture layer on a routing forced from outside: neither the
// gate's product nor its choice is in the time. benchmarks/peers/sparse_layer.py has PyTorch's.
//
//   layer/SHAPE/TYPE/LOAD/PASS         one step; train: forward and backward, infer: forward from
//                                      packed weights
//   layer/SHAPE/TYPE/one-token/infer   one token, in turn through layers that no cache holds
//   read/SHAPE/TYPE                    reading as many bytes as one token's experts have, likewise
//   check/SHAPE/TYPE/LOAD/PASS         the most bytes that a step adds to what is held before it,
//                                      its relative error against float64
//   product/TYPE                       the machine: a product of 2048 x 2048 matrices
//   growth/AXIS/TYPE/VALUE             train at the small shape but for one value; "experts" keeps
//                                      the rows
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>

#include "peak_memory.h"
#include "program.h"
#include "sparse_work.h"

namespace moestro::bench {
namespace {

constexpr int64_t kColdBytes = 256 << 20;  // more than a cache holds

// google-benchmark calls a function several times: the data of the latest work are kept.
class Latest {
 public:
  SparseStep& step(const std::string& name, const SparseWork& work) {
    if (name != name_) {
      step_.reset();
      step_ = std::make_unique<SparseStep>(work);
      step_->run();
      name_ = name;
    }
    return *step_;
  }

 private:
  std::string name_;
  std::unique_ptr<SparseStep> step_;
};

void time_layer(benchmark::State& state, const SparseWork& work, SparseStep& step) {
  const double seconds = time_each(state, [&] { step.run(); });
  state.SetLabel(step.way());
  state.counters["operations"] = work.operations();
  state.counters["bytes"] = least_bytes(work);
  state.counters["operations/s"] = work.operations() / seconds;
}

void check_layer(benchmark::State& state, const SparseWork&, SparseStep& step) {
  for (auto _ : state)
    if (const auto bytes = peak_bytes([&] { step.run(); }))
      state.counters["peak_bytes"] = static_cast<double>(*bytes);
  state.counters["error"] = step.error();
}

void time_token(benchmark::State& state, const SparseShape& shape, at::ScalarType type) {
  const FeedForwardWeights weights = random_experts(shape, type);
  std::vector<PackedFeedForward> layers;
  for (size_t bytes = 0; bytes <= kColdBytes;) {
    layers.emplace_back(weights, FeedForwardKind::swiglu);
    bytes += weights.up_EDF.nbytes() + weights.down_EFD.nbytes();
  }
  const std::vector<Tensor> rows = at::arange(shape.experts).view({-1, shape.k}).split(1);
  const Tensor x_ND = at::randn({1, shape.width}).to(type);
  const Tensor mix_NK = at::rand({1, shape.k}).softmax(1).to(type);
  size_t turn = 0;
  time_each(state, [&] {
    const Tensor& row = rows[turn / layers.size() % rows.size()];
    benchmark::DoNotOptimize(layers[turn % layers.size()].forward(x_ND, row, mix_NK));
    ++turn;
  });
  state.SetLabel(describe_feed_forward(weights));
}

void time_reading(benchmark::State& state, const SparseShape& shape, at::ScalarType type) {
  const auto values = static_cast<int64_t>(shape.weights()) * shape.k;
  const int64_t bytes = values * static_cast<int64_t>(elementSize(type)), words = bytes / 8;
  const Tensor memory = at::ones({kColdBytes / bytes + 1, words}, at::kLong);
  int64_t turn = 0;
  time_each(state, [&] {
    const int64_t* chosen = memory.const_data_ptr<int64_t>() + turn++ % memory.size(0) * words;
    const auto sum = [&](int64_t begin, int64_t end, int64_t start) {
      return std::accumulate(chosen + begin, chosen + end, start);
    };
    const int64_t share = words / at::get_num_threads() + 1;
    benchmark::DoNotOptimize(at::parallel_reduce(0, words, share, int64_t{0}, sum, std::plus<>()));
  });
  state.counters["bytes"] = static_cast<double>(bytes);
}

void time_product(benchmark::State& state, at::ScalarType type) {
  constexpr int64_t size = 2048;
  const Tensor a = at::randn({size, size}).to(type), b = at::randn({size, size}).to(type);
  Tensor out = at::empty({size, size}, type);
  const double seconds = time_each(state, [&] { at::mm_out(out, a, b); });
  state.counters["operations/s"] = 2. * size * size * size / seconds;
}

template <class Function>
benchmark::internal::Benchmark* add(const std::string& name, const Function& function) {
  return benchmark::RegisterBenchmark(name.c_str(), function)
      ->Unit(benchmark::kMillisecond)
      ->UseRealTime();
}

class Registry {
 public:
  void add_all(const std::string& type_name, at::ScalarType type) const {
    for (const auto& [shape_name, shape] : {std::pair{"small", kSmall}, {"large", kLarge}})
      add_shape(fmt::format("{}/{}", shape_name, type_name), shape, type);
    add("product/" + type_name, [=](benchmark::State& state) { time_product(state, type); });
    const auto add_axis = [&](const std::string& axis, int64_t SparseShape::*value,
                              const std::vector<int64_t>& values) {
      for (const int64_t at : values) {
        SparseWork work = {kSmall, type, "balanced", true};
        work.shape.*value = at;
        add_work(fmt::format("growth/{}/{}/{}", axis, type_name, at), time_layer, work);
      }
    };
    add_axis("tokens", &SparseShape::tokens, {512, 2048, 4096, 6144, 8192});
    add_axis("k", &SparseShape::k, {1, 2, 4, 6, 8});
    add_axis("experts", &SparseShape::experts, {8, 32, 64, 96, 128});
  }

 private:
  using Function = void (*)(benchmark::State&, const SparseWork&, SparseStep&);

  benchmark::internal::Benchmark* add_work(const std::string& name, Function function,
                                           const SparseWork& work) const {
    return add(name, [=, latest = latest_](benchmark::State& state) {
      function(state, work, latest->step(name, work));
    });
  }

  void add_shape(const std::string& place, const SparseShape& shape, at::ScalarType type) const {
    for (const char* load : {"balanced", "skewed", "crowded"})
      for (const bool train : {true, false}) {
        const SparseWork work = {shape, type, load, train};
        const std::string name = fmt::format("{}/{}/{}", place, load, train ? "train" : "infer");
        add_work("layer/" + name, time_layer, work);
        add_work("check/" + name, check_layer, work)->Iterations(1);
      }
    add(fmt::format("layer/{}/one-token/infer", place),
        [=](benchmark::State& state) { time_token(state, shape, type); });
    add("read/" + place, [=](benchmark::State& state) { time_reading(state, shape, type); });
  }

  std::shared_ptr<Latest> latest_ = std::make_shared<Latest>();
};

}  // namespace
}  // namespace moestro::bench

int main(int argc, char** argv) {
  const moestro::bench::Registry registry;
  registry.add_all("float32", at::kFloat);
  registry.add_all("bfloat16", at::kBFloat16);
  return moestro::bench::run_program(argc, argv);
}
