// Our convolutional blocks beside those of benchmarks/convolutions.py, which calls this program:
// the experts' of recipes/cifar-100.toml, forward and backward pass, as they are trained.
//
//   PART/LAYER/TYPE/RUN     PART: convolution (alone), block (with what follows up to its pooling);
//                           LAYER: conv 1 to conv 4; RUN: eager, graph (written down and replayed)
#include <memory>

#include <ATen/ATen.h>
#include <benchmark/benchmark.h>

#include "moestro/core/device.h"
#include "moestro/core/device_graph.h"
#include "nn/layers/conv_pool.h"
#include "program.h"
#include "step.h"

namespace moestro::bench {
namespace {

constexpr int64_t kRows = 256, kSteps = 20;  // steps between two waits for the device
const Shape kImage = {3, 32, 32};

class CifarDocument : public RecipeDocument {
 public:
  CifarDocument() {
    schema.parse_file("recipes/cifar-100.toml");
    check(recipe, schema);
  }
};

// The layers of one block, in the order in which they run.
std::vector<std::vector<LayerSpec>> blocks_of(const ExpertConfig& expert) {
  std::vector<std::vector<LayerSpec>> blocks;
  for (const LayerSpec& spec : parse_layers(expert.layers, kImage, {"layers", "classes", 100})) {
    if (spec.kind == LayerKind::conv) blocks.emplace_back();
    if (blocks.empty() || spec.kind == LayerKind::flatten || spec.kind == LayerKind::linear) break;
    blocks.back().push_back(spec);
  }
  for (std::vector<LayerSpec>& block : blocks) {
    const size_t last = block.size() - 1;
    std::swap(block[last - 1], block[last]);  // the pooling before the ReLU
    block[last].in = block[last].out = block[last - 1].out;
  }
  return blocks;
}

struct Case {
  std::unique_ptr<Layer> layer;  // a convolution, without its bias; or a block
  Activations x;
  Tensor dy;

  Case(const std::vector<LayerSpec>& block, int64_t experts, bool whole, at::ScalarType type) {
    const bool first = block.front().in == kImage;
    const LayerSetting setting{"block", experts, 1, nullptr, first};
    std::vector<std::unique_ptr<Layer>> layers;
    for (const LayerSpec& spec : block) layers.push_back(make_layer(spec, setting));
    for (const auto& each : layers)
      convert(each->parameters(), each->buffers(), c10::Device(c10::kCUDA));
    layer =
        whole ? std::make_unique<ConvPool>(block, std::move(layers)) : std::move(layers.front());
    const auto images = [&](const Shape& shape, int64_t groups) {
      return at::randn({kRows, groups * shape[0], shape[1], shape[2]})
          .to(c10::Device(c10::kCUDA), type)
          .contiguous(first && groups == 1 ? at::MemoryFormat::Contiguous
                                           : at::MemoryFormat::ChannelsLast);
    };
    x = {images(block.front().in, first ? 1 : experts), first ? 1 : experts, true};
    x.value.set_requires_grad(!first);
    dy = images(whole ? block.back().out : block.front().out, experts);
  }

  void step() const {
    x.value.mutable_grad() = Tensor();
    for (const Parameter& parameter : layer->parameters())
      parameter.value.mutable_grad() = Tensor();
    const ExpertRange all = {0, dy.size(1) / layer->parameters().front().value.size(1)};
    const auto* conv = dynamic_cast<const Conv*>(layer.get());
    const Tensor y =
        conv ? conv->without_bias(x, all) : layer->forward(x, all, {.training = true}).value;
    y.backward(dy);
  }
};

void time_block(benchmark::State& state, const std::vector<LayerSpec>& block, int64_t experts,
                bool whole, at::ScalarType type, bool replayed) {
  const c10::Device device(c10::kCUDA);
  const OwnStream stream(device);
  const Case work(block, experts, whole, type);
  DeviceGraph graph;
  for (int i = 0; i < 3; ++i) work.step();
  if (replayed) graph.capture([&] { work.step(); });
  const double seconds = time_each(state, [&] {
    for (int64_t i = 0; i < kSteps; ++i) replayed ? graph.replay() : work.step();
    synchronise(device);
  });
  state.counters["step_ms"] = 1e3 * seconds / kSteps;
}

}  // namespace
}  // namespace moestro::bench

int main(int argc, char** argv) {
  using namespace moestro;
  using namespace moestro::bench;
  if (!resolve_device("auto").is_cuda()) {
    fmt::print(stderr, "error: there is no CUDA device\n");
    return 1;
  }
  const CifarDocument document;
  const ExpertConfig& expert = document.recipe.expert;
  const std::vector<std::vector<LayerSpec>> blocks = blocks_of(expert);
  for (const auto& [type_name, type] :
       {std::pair{"float32", at::kFloat}, {"bfloat16", at::kBFloat16}})
    for (size_t i = 0; i < blocks.size(); ++i)
      for (const char* part : {"convolution", "block"})
        for (const char* run : {"eager", "graph"})
          add(fmt::format("{}/conv {}/{}/{}", part, i + 1, type_name, run),
              [=, whole = std::string(part) == "block", replayed = std::string(run) == "graph",
               type = type, block = blocks[i]](benchmark::State& state) {
                time_block(state, block, expert.count, whole, type, replayed);
              });
  return run_program(argc, argv);
}
