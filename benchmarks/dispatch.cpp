// The ways in which sorted rows can meet the experts they are sent to, where there are no kernels
// of our own: what decides best_product_way() in src/nn/kernels/feed_forward/plain.cpp. SwiGLU,
// forward and backward pass, on a GPU where there is one.
//
//   WAY/TYPE/SHAPE/LOAD     WAY: grouped (at::_grouped_mm), looped, padded (at::bmm over as many
//                           rows an expert as the fullest one has)
#include <memory>

#include <ATen/ATen.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <benchmark/benchmark.h>

#include "moestro/core/device.h"
#include "nn/kernels/feed_forward/plain.h"
#include "program.h"
#include "sparse_work.h"

namespace moestro::bench {
namespace {

constexpr auto kKind = FeedForwardKind::swiglu;

struct Case {
  Tensor x_ND, experts_NK, mix_NK, dy_ND;
  FeedForwardWeights weights;

  Case(const SparseShape& shape, at::ScalarType type, const std::string& load, c10::Device device)
      : x_ND(at::randn({shape.tokens, shape.width}).to(device, type)),
        experts_NK(forced_routing(shape, load).to(device)),
        mix_NK(at::rand({shape.tokens, shape.k}).softmax(1).to(device)),
        dy_ND(at::randn({shape.tokens, shape.width}).to(device, type)),
        weights(random_experts(shape, type)) {
    for (Tensor* weight : {&weights.up_EDF, &weights.down_EFD}) *weight = weight->to(device);
    for (const Tensor& leaf : leaves()) leaf.set_requires_grad(true);
  }
  std::vector<Tensor> leaves() const { return {x_ND, mix_NK, weights.up_EDF, weights.down_EFD}; }
};

Tensor padded(const Case& c) {
  const int64_t experts = c.weights.up_EDF.size(0), width = c.x_ND.size(1);
  const SortedRows rows = sort_rows(c.experts_NK, experts, /*ends_on_host=*/true);
  const Tensor ends_E = at::tensor(rows.ends),
               count_E = ends_E.diff(1, 0, at::zeros({1}, at::kLong));
  const int64_t capacity = count_E.max().item<int64_t>();
  const Tensor ahead_E = at::arange(experts, at::kLong) * capacity - (ends_E - count_E);
  const Tensor slot_M =
      (at::arange(rows.places(), at::kLong) + at::repeat_interleave(ahead_E, count_E, 0))
          .to(c.x_ND.device());
  const Tensor x_MD = rows_of_tokens(c.x_ND, rows).narrow(0, 0, rows.places());
  const Tensor x_ECD = at::zeros({experts * capacity, width}, x_MD.options().requires_grad(false))
                           .index_copy(0, slot_M, x_MD)
                           .view({experts, capacity, width});
  const Tensor h_ECF = activated(at::bmm(x_ECD, c.weights.up_EDF), kKind);
  const Tensor out_MD = at::bmm(h_ECF, c.weights.down_EFD).flatten(0, 1).index_select(0, slot_M);
  return tokens_of_rows(at::constant_pad_nd(out_MD, {0, 0, 0, 1}), c.mix_NK, rows);
}

Tensor by_way(const std::string& way, const Case& c) {
  if (way == "padded") return padded(c);
  return plain_feed_forward(c.x_ND, c.experts_NK, c.mix_NK, c.weights, kKind,
                            way == "grouped" ? ProductWay::grouped : ProductWay::looped);
}

// google-benchmark calls a function several times, and every way works on the same: the data of the
// latest work are kept.
struct Latest {
  std::string name;
  std::unique_ptr<Case> data;
};

void time_way(benchmark::State& state, Latest& latest, const std::string& way,
              const std::string& name, const SparseWork& work) {
  const c10::Device device = resolve_device("auto");
  if (latest.name != name) {
    latest.data.reset();
    latest.data = std::make_unique<Case>(work.shape, work.type, work.load, device);
    latest.name = name;
  }
  const Case& c = *latest.data;
  const double seconds = time_each(state, [&] {
    for (const Tensor& leaf : c.leaves()) leaf.mutable_grad() = Tensor();
    by_way(way, c).backward(c.dy_ND);
    if (device.is_cuda()) at::detail::getCUDAHooks().deviceSynchronize(device.index());
  });
  state.counters["operations"] = work.operations();
  state.counters["operations/s"] = work.operations() / seconds;
}

// The translator's of benchmarks/transformer.cpp, a language model's, and one of many small
// experts.
const std::vector<std::pair<const char*, SparseShape>> kShapes = {
    {"translator", {256, 512, 4, 2, 4608}},
    {"language", {1024, 2048, 8, 2, 16384}},
    {"many", {1024, 512, 64, 4, 8192}}};

}  // namespace
}  // namespace moestro::bench

int main(int argc, char** argv) {
  using namespace moestro::bench;
  Latest latest;  // gone before CUDA is
  for (const auto& [type_name, type] :
       {std::pair{"float32", at::kFloat}, {"bfloat16", at::kBFloat16}})
    for (const auto& [shape_name, shape] : kShapes)
      for (const char* load : {"balanced", "skewed"})
        for (const char* way : {"grouped", "looped", "padded"}) {
          const std::string name = fmt::format("{}/{}/{}", type_name, shape_name, load);
          const SparseWork work{shape, type, load, true};
          add(fmt::format("{}/{}", way, name),
              [=, &latest, way = std::string(way)](benchmark::State& state) {
                time_way(state, latest, way, name, work);
              });
        }
  return run_program(argc, argv);
}
