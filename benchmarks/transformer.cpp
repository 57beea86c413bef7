// Transformers: training steps on sentences of different lengths, and the sentence vectors of a
// pre-trained encoder. benchmarks/peers/transformer.py has PyTorch's.
//
//   step/encoder, step/even            forward, loss and backward pass, float32; texts of different
//   step/translator                    lengths, or of one
//   embed/PRECISION                    MODEL's vectors of 256 texts, from token ids; MODEL is what
//                                      MOESTRO_BENCH_ENCODER names
#include <cstdlib>

#include <ATen/ATen.h>
#include <benchmark/benchmark.h>

#include "moestro/lifecycle/embeddings.h"
#include "moestro/nn/translator.h"
#include "moestro/store/hugging_face.h"
#include "program.h"

namespace moestro::bench {
namespace {

constexpr int64_t kVocabulary = 8000, kClasses = 6, kBegin = 1;

// As the peers have them: length i is low + 7919 i mod (high - low + 1).
Tensor lengths(int64_t count, int64_t low, int64_t high) {
  return at::arange(count, at::kLong).mul(7919).remainder(high - low + 1).add(low);
}

struct Sentences {
  Packing rows;
  Tensor ids_N;
};

Sentences sentences(const Tensor& lengths_B, int64_t vocabulary) {
  const Packing rows(lengths_B, at::kCPU);
  return {rows, at::randint(3, vocabulary, {rows.rows()}, at::kLong)};
}

TransformerShape step_shape(int64_t depth) {
  TransformerShape shape;
  shape.width = 256;
  shape.heads = 4;
  shape.depth = depth;
  shape.hidden = 1024;
  return shape;
}

void clear(const std::vector<Parameter>& parameters) {
  for (const Parameter& parameter : parameters) parameter.value.mutable_grad() = Tensor();
}

void time_encoder(benchmark::State& state, int64_t shortest) {
  const TransformerShape shape = step_shape(4);
  const TokenEmbedding embedding({kVocabulary}, shape, "embeddings", 1);
  const Transformer encoder(Transformer::Kind::encoder, shape, "encoder", 1);
  const Tensor head_DC = at::randn({shape.width, kClasses}).mul_(.05).requires_grad_();
  const Sentences texts = sentences(lengths(64, shortest, 40), kVocabulary);
  const Tensor targets_B = at::randint(0, kClasses, {64}, at::kLong);
  time_each(state, [&] {
    clear(embedding.parameters());
    clear(encoder.parameters());
    head_DC.mutable_grad() = Tensor();
    const ForwardContext training{.training = true};
    const Tensor x_ND = embedding.forward(texts.ids_N, texts.rows, training);
    const Tensor last_ND = encoder.forward(x_ND, texts.rows, training, {}).x_ND;
    at::cross_entropy_loss(texts.rows.mean(last_ND).mm(head_DC), targets_B).backward();
  });
}

void time_translator(benchmark::State& state) {
  TransformerShape shape = step_shape(3);
  shape.positions = PositionKind::sinusoidal;
  shape.activation = FeedForwardKind::relu;
  const Translator model(shape, kVocabulary, 1);
  const Sentences source = sentences(lengths(64, 5, 30), kVocabulary);
  const Sentences target = sentences(lengths(64, 6, 31), kVocabulary);
  const Tensor wanted_M = at::randint(3, kVocabulary, {target.rows.rows()}, at::kLong);
  time_each(state, [&] {
    clear(model.parameters());
    const Tensor logits_MV =
        model.forward(source.ids_N, source.rows, target.ids_N, target.rows, {.training = true}, {})
            .logits_MV;
    at::cross_entropy_loss(logits_MV, wanted_M, {}, at::Reduction::Mean, -100, .1).backward();
  });
}

void time_embedding(benchmark::State& state, const char* folder, at::ScalarType precision) {
  const PretrainedEncoder encoder(HuggingFaceFolder(folder), at::kCPU, precision);
  const Tensor lengths_N = lengths(256, 6, 64);
  const Tensor ids_M =
      at::randint(1000, encoder.vocabulary(), {lengths_N.sum().item<int64_t>()}, at::kLong);
  const TokenIds texts{ids_M, at::cat({at::zeros({1}, at::kLong), lengths_N.cumsum(0)})};
  time_each(state, [&] { benchmark::DoNotOptimize(embed_texts(encoder, texts)); });
}

}  // namespace
}  // namespace moestro::bench

int main(int argc, char** argv) {
  using namespace moestro::bench;
  add("step/encoder", time_encoder, 4);
  add("step/even", time_encoder, 40);
  add("step/translator", time_translator);
  if (const char* folder = std::getenv("MOESTRO_BENCH_ENCODER")) {
    add("embed/float32", time_embedding, folder, at::kFloat);
    add("embed/bfloat16", time_embedding, folder, at::kBFloat16);
  }
  return run_program(argc, argv);
}
