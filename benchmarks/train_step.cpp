// One training step of a mixture: forward, loss, backward, Adam update, on batches of 512 made-up
// images. benchmarks/peers/train_step.py is the same step as a PyTorch program.
//
//   step/RECIPE/GATE/EXPERTS        the step
//   breakdown/RECIPE/GATE/EXPERTS   where its time goes: a counter "part/kind/pass/ms" for what was
//                                   measured, ".../bytes" and ".../operations" for the least it
//                                   must do
//   copy/..., product               the machine: bytes/s on a buffer as large as the step's largest
//                                   activation, operations/s of a large matrix product
//
// To be started in the root of the repository, where recipes/ is.
#include <ATen/ATen.h>
#include <ATen/SequenceNumber.h>
#include <benchmark/benchmark.h>

#include "layer_cost.h"
#include "moestro/core/memory.h"
#include "moestro/nn/mixing.h"
#include "moestro/objective/objective.h"
#include "moestro/train/model.h"
#include "moestro/train/optimiser.h"
#include "moestro/train/recipe.h"
#include "operator_times.h"

namespace moestro::bench {
namespace {

constexpr int64_t kBatch = 512, kClasses = 10;
constexpr double kRate = 1e-3;
const Shape kSample = {1, 28, 28};

struct Work {
  std::string recipe, gate;
  int64_t experts;
  std::string name() const { return fmt::format("{}/{}/{}", recipe, gate, experts); }
};

// A recipe's networks: with the original gate, or as they are with an attentive gate and the
// importance term.
class Document : public RecipeDocument {
 public:
  explicit Document(const Work& work) {
    schema.parse_file(fmt::format("recipes/{}.toml", work.recipe));
    schema.set(fmt::format("expert.count={}", work.experts));
    schema.set("gate.kind=" + work.gate);
    if (work.gate == "softmax") schema.set("loss.importance=0");
    check(recipe, schema);
  }
};

struct Step {
  explicit Step(const Work& work)
      : document(work),
        mixture(build_mixture(document, {kSample, kClasses})),
        objective(document.recipe.loss, mixture.output()),
        optimiser(mixture.parameters(), document.recipe.train),
        x_NCHW(at::randn({kBatch, kSample[0], kSample[1], kSample[2]})),
        targets_N(at::randint(kClasses, {kBatch}, at::kLong)) {}

  ForwardContext context() const { return {.training = true}; }

  void run() {
    MixtureOutput output = mixture.forward(x_NCHW, context(), objective.needs());
    const LossTerms loss = objective(output.mixed_NC, {output.trace}, targets_N);
    optimiser.zero_gradients();
    loss.total.backward();
    optimiser.step(kRate);
  }

  Document document;
  Mixture mixture;
  Objective objective;
  Optimiser optimiser;
  Tensor x_NCHW, targets_N;
};

// Of a forward operator ("aten::conv2d") or a backward node ("ConvolutionBackward0").
std::string kind_of(const std::string& operation) {
  const std::pair<const char*, LayerKind> words[] = {{"onv", LayerKind::conv},
                                                     {"ool", LayerKind::maxpool},
                                                     {"atch_norm", LayerKind::batchnorm},
                                                     {"atchNorm", LayerKind::batchnorm},
                                                     {"elu", LayerKind::relu},
                                                     {"mm", LayerKind::linear},
                                                     {"Mm", LayerKind::linear},
                                                     {"matmul", LayerKind::linear}};
  for (const auto& [word, kind] : words)
    if (operation.find(word) != std::string::npos) return kind_of(kind);
  return kind_of(LayerKind::flatten);
}

// What the parts of a step took, in seconds, by "part/kind/pass".
class Breakdown {
 public:
  explicit Breakdown(Step& step) : step_(step) {}

  void run() {
    const Mixture& mixture = step_.mixture;
    NetworkOutput experts;
    Routing routing;
    LossTerms loss;
    forward("experts",
            [&] { experts = mixture.bank().forward_all(step_.x_NCHW, step_.context()); });
    forward("gate", [&] { routing = mixture.gate().route({step_.x_NCHW, {}}, step_.context()); });
    forward("mixing and loss", [&] {
      const Tensor out_NEC = experts.out_ENC.transpose(0, 1);
      const Tensor mixed_NC = mix(out_NEC, routing.weights_BK, mixture.output());
      loss = step_.objective(mixed_NC, {}, step_.targets_N);
    });
    step_.optimiser.zero_gradients();
    backward(loss.total);
    for (const OperatorCall& call :
         observe(at::RecordScope::FUNCTION, [&] { step_.optimiser.step(kRate); }))
      seconds_["optimiser/all/update"] += call.seconds;
    ends_.clear();
  }

  const std::map<std::string, double>& seconds() const { return seconds_; }

 private:
  static std::string key(const std::string& part, const std::string& kind,
                         const std::string& pass) {
    return part + "/" + (part == "experts" || part == "gate" ? kind : "all") + "/" + pass;
  }

  template <class Code>
  void forward(const std::string& part, const Code& code) {
    for (const OperatorCall& call : observe(at::RecordScope::FUNCTION, code))
      seconds_[key(part, kind_of(call.name), "forward")] += call.seconds;
    ends_.emplace_back(static_cast<int64_t>(at::sequence_number::peek()), part);
  }

  void backward(const Tensor& loss) {
    for (const OperatorCall& call :
         observe(at::RecordScope::BACKWARD_FUNCTION, [&] { loss.backward(); })) {
      const auto end = std::ranges::find_if(
          ends_, [&](const auto& entry) { return call.sequence < entry.first; });
      const bool known = call.sequence >= 0 && end != ends_.end();
      seconds_[key(known ? end->second : "gradients", kind_of(call.name), "backward")] +=
          call.seconds;
    }
  }

  Step& step_;
  std::vector<std::pair<int64_t, std::string>> ends_;  // of a part's sequence numbers
  std::map<std::string, double> seconds_;
};

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
  for (auto _ : state) step.run();
  state.counters["samples/s"] =
      benchmark::Counter(kBatch, benchmark::Counter::kIsIterationInvariantRate);
}

void time_breakdown(benchmark::State& state, const Work& work) {
  Step step(work);
  for (int i = 0; i < 3; ++i) step.run();
  Breakdown breakdown(step);
  for (auto _ : state) breakdown.run();
  for (const auto& [key, seconds] : breakdown.seconds())
    state.counters[key + "/ms"] = 1e3 * seconds / static_cast<double>(state.iterations());
  add_costs(state.counters, step);
}

void time_copy(benchmark::State& state, int64_t values) {
  const Tensor from = at::ones({values});
  Tensor to = at::empty({values});
  for (auto _ : state) to.copy_(from);
  state.SetBytesProcessed(state.iterations() * 2 * static_cast<int64_t>(from.nbytes()));
}

void time_product(benchmark::State& state) {
  constexpr int64_t size = 1024;
  const Tensor a = at::randn({size, size}), b = at::randn({size, size});
  Tensor out = at::empty({size, size});
  for (auto _ : state) at::mm_out(out, a, b);
  state.counters["operations/s"] =
      benchmark::Counter(2.0 * size * size * size, benchmark::Counter::kIsIterationInvariantRate);
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
  add("product", time_product);
}

}  // namespace
}  // namespace moestro::bench

int main(int argc, char** argv) {
  moestro::keep_freed_memory();
  moestro::bench::register_all();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
