// One training step of a mixture: forward, loss, backward, Adam update, on batches of 512 made-up
// images. benchmarks/peers/train_step.py is the same step as a PyTorch program.
//
//   step/RECIPE/GATE/EXPERTS        the step
//   breakdown/RECIPE/GATE/EXPERTS   where its time goes: a counter "part/kind/pass/ms" for what was
//                                   measured, ".../bytes" and ".../operations" for the least it
//                                   must do
//   mutual/RECIPE/GATE/EXPERTS/TERM the step with and without mutual distillation
//   copy/..., product               the machine: bytes/s on a buffer as large as the step's largest
//                                   activation, operations/s of a large matrix product
//
// To be started in the root of the repository, where recipes/ is.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>

#include "breakdown.h"
#include "layer_cost.h"
#include "program.h"
#include "step.h"

namespace moestro::bench {
namespace {

using Counters = benchmark::UserCounters;

void add_cost(Counters& counters, const std::string& key, const Cost& cost) {
  counters[key + "/bytes"] = cost.bytes;
  counters[key + "/operations"] = cost.operations;
}

void add_costs(Counters& counters, const Step& step) {
  const Recipe& recipe = step.document.recipe;
  const int64_t experts = recipe.expert.count;
  const auto add_network = [&](const std::string& part, const std::vector<LayerSpec>& specs,
                               int64_t networks) {
    for (const auto& [kind, cost] : network_cost(specs, kBatch, networks)) {
      add_cost(counters, part + "/" + kind + "/forward", cost.forward);
      add_cost(counters, part + "/" + kind + "/backward", cost.backward);
    }
  };
  add_network("experts", step.mixture.bank().specs(), experts);
  add_network("gate", parse_layers(recipe.gate.layers, kSample, {"gate", "experts", experts}), 1);

  constexpr double bytes = sizeof(float);
  const double outputs = kBatch * experts * (kClasses + 1),
               parameters = step.mixture.parameter_count();
  add_cost(counters, "mixing and loss/all/forward", {bytes * outputs, 5 * outputs});
  add_cost(counters, "mixing and loss/all/backward", {bytes * 2 * outputs, 5 * outputs});
  // Reads value, gradient and both moments, writes all but the gradient.
  add_cost(counters, "optimiser/all/update", {bytes * 7 * parameters, 12 * parameters});
  counters["input/bytes"] = bytes * step.x_NCHW.numel();
  counters["parameters"] = parameters;
}

void time_step(benchmark::State& state, const Work& work) {
  Step step(work);
  for (int i = 0; i < 3; ++i) step.run();
  state.counters["samples/s"] = kBatch / time_each(state, [&] { step.run(); });
}

const std::vector<std::string> kMutualAll = {"loss.mutual_distillation=0.3"};
const std::vector<std::string> kMutualChosen = {"loss.mutual_distillation=0.3",
                                                "loss.mutual_experts=chosen"};

void time_breakdown(benchmark::State& state, const Work& work) {
  Step step(work);
  for (int i = 0; i < 3; ++i) step.run();
  Breakdown breakdown(step);
  for (auto _ : state) breakdown.run();
  for (const auto& [key, seconds] : breakdown.seconds())
    state.counters[key + "/ms"] = 1e3 * seconds;
  add_costs(state.counters, step);
}

void time_copy(benchmark::State& state, int64_t values) {
  const Tensor from = at::ones({values});
  Tensor to = at::empty({values});
  const double seconds = time_each(state, [&] { to.copy_(from); });
  state.counters["bytes/s"] = 2. * static_cast<double>(from.nbytes()) / seconds;
}

void time_product(benchmark::State& state) {
  constexpr int64_t size = 1024;
  const Tensor a = at::randn({size, size}), b = at::randn({size, size});
  Tensor out = at::empty({size, size});
  const double seconds = time_each(state, [&] { at::mm_out(out, a, b); });
  state.counters["operations/s"] = 2. * size * size * size / seconds;
}

int64_t largest_activation(const Work& work) {
  const Document document(work);
  int64_t most = 0;
  for (const LayerSpec& spec :
       parse_layers(document.recipe.expert.layers, kSample, {"expert", "classes", kClasses})) {
    int64_t values = kBatch * work.experts;
    for (const int64_t size : spec.out) values *= size;
    most = std::max(most, values);
  }
  return most;
}

void register_all() {
  const auto add = [](const std::string& name, auto function, auto... arguments) {
    benchmark::RegisterBenchmark(name.c_str(),
                                 [=](benchmark::State& state) { function(state, arguments...); })
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
  };
  for (const char* gate : {"softmax", "attentive"})
    for (const char* recipe : {"mnist", "fashion-mnist"})
      for (const int64_t experts : {5, 20}) {
        const Work work{recipe, gate, experts};
        add("step/" + work.name(), time_step, work);
        if (work.gate != "softmax") continue;
        add("breakdown/" + work.name(), time_breakdown, work);
        add("copy/" + work.name(), time_copy, largest_activation(work));
      }
  for (const char* recipe : {"mnist", "fashion-mnist"})
    for (const char* gate : {"softmax", "switch", "noisy_topk"}) {
      const std::string name = fmt::format("mutual/{}/{}/5/", recipe, gate), kind = gate;
      add(name + "none", time_step, Work{recipe, gate, 5});
      add(name + "all", time_step, Work{recipe, gate, 5, kMutualAll});
      if (kind == "noisy_topk")
        add(name + "chosen", time_step, Work{recipe, gate, 5, kMutualChosen});
    }
  add("product", time_product);
}

}  // namespace
}  // namespace moestro::bench

int main(int argc, char** argv) {
  moestro::bench::register_all();
  return moestro::bench::run_program(argc, argv);
}
