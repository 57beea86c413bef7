// The sample-similarity terms of a batch, from inputs and gate scores to the gradient of the
// scores, distances included. benchmarks/peers/similarity.py has PyTorch's.
//
//   terms/ROWS/EXPERTS     784 inputs a row
//   distances/ROWS         the distances alone
//   product                the machine: operations/s of a product of 2048 x 2048 matrices
#include <ATen/ATen.h>
#include <benchmark/benchmark.h>

#include "moestro/objective/distances.h"
#include "moestro/objective/similarity.h"
#include "program.h"

namespace moestro::bench {
namespace {

constexpr int64_t kWidth = 784;

// Each pair's product once, and D P with its gradient over half of D.
double least_operations(int64_t rows, int64_t experts) {
  return static_cast<double>(rows * rows * (kWidth + 2 * experts));
}

void time_terms(benchmark::State& state, int64_t rows, int64_t experts) {
  const Tensor x_BD = at::randn({rows, kWidth}),
               scores_BE = at::randn({rows, experts}).requires_grad_();
  time_each(state, [&] {
    scores_BE.mutable_grad() = Tensor();
    const Similarity terms =
        similarity(scores_BE.softmax(1), euclidean_distances(x_BD), SimilarityForm::balanced);
    (.3 * terms.same + .2 * terms.different).backward();
  });
  state.counters["operations"] = least_operations(rows, experts);
}

void time_distances(benchmark::State& state, int64_t rows) {
  const Tensor x_BD = at::randn({rows, kWidth});
  time_each(state, [&] { benchmark::DoNotOptimize(euclidean_distances(x_BD)); });
}

void time_product(benchmark::State& state) {
  constexpr int64_t size = 2048;
  const Tensor a = at::randn({size, size}), b = at::randn({size, size});
  Tensor out = at::empty({size, size});
  const double seconds = time_each(state, [&] { at::mm_out(out, a, b); });
  state.counters["operations/s"] = 2. * size * size * size / seconds;
}

}  // namespace
}  // namespace moestro::bench

int main(int argc, char** argv) {
  using namespace moestro::bench;
  for (const int64_t rows : {512, 4096}) {
    for (const int64_t experts : {5, 20})
      add(fmt::format("terms/{}/{}", rows, experts), time_terms, rows, experts);
    add(fmt::format("distances/{}", rows), time_distances, rows);
  }
  add("product", time_product);
  return run_program(argc, argv);
}
