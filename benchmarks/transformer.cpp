// Transformers: training steps on sentences of different lengths, and the sentence vectors of a
// pre-trained encoder. benchmarks/peers/transformer.py has PyTorch's.
//
//   step/encoder, step/even            forward, loss and backward pass, float32; texts of different
//   step/translator                    lengths, or of one
//   step/mixture                       the translator with 4 experts of half the width, of which
//                                      each token meets 2
//   embed/PRECISION                    MODEL's vectors of 256 texts, from token ids; MODEL is what
//                                      MOESTRO_BENCH_ENCODER names
//   cuda/PRECISION/WIDTH/SENTENCES/... the steps on a GPU; bfloat16: float32 weights, products and
//                                      token vectors of bfloat16
//   cuda/PRECISION/product             the card: a product of 8192 x 8192 matrices
#include <cstdlib>
#include <functional>
#include <memory>

#include <ATen/ATen.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <benchmark/benchmark.h>

#include "moestro/core/device.h"
#include "moestro/lifecycle/embeddings.h"
#include "moestro/nn/translator.h"
#include "moestro/store/hugging_face.h"
#include "program.h"

namespace moestro::bench {
namespace {

constexpr int64_t kVocabulary = 8000, kClasses = 6;
constexpr int64_t kExperts = 4, kChosen = 2;

// What a step works on, and where.
struct Setting {
  int64_t sentences = 64, width = 256;
  c10::Device device = at::kCPU;
  std::optional<at::ScalarType> precision = {};

  ForwardContext training() const { return {.training = true, .precision = precision}; }
  void finish() const {
    if (device.is_cuda()) at::detail::getCUDAHooks().deviceSynchronize(device.index());
  }
};

// As the peers have them: length i is low + 7919 i mod (high - low + 1).
Tensor lengths(int64_t count, int64_t low, int64_t high) {
  return at::arange(count, at::kLong).mul(7919).remainder(high - low + 1).add(low);
}

struct Sentences {
  Tensor lengths_B;
  Packing rows;
  Tensor ids_N;
};

Sentences sentences(const Setting& setting, int64_t low, int64_t high) {
  const Tensor lengths_B = lengths(setting.sentences, low, high);
  const Packing rows(lengths_B, setting.device);
  return {lengths_B, rows,
          at::randint(3, kVocabulary, {rows.rows()}, at::kLong).to(setting.device)};
}

TransformerShape step_shape(int64_t depth, int64_t width) {
  TransformerShape shape;
  shape.width = width;
  shape.heads = width / 64;
  shape.depth = depth;
  shape.hidden = 4 * width;
  return shape;
}

void clear(const std::vector<Parameter>& parameters) {
  for (const Parameter& parameter : parameters) parameter.value.mutable_grad() = Tensor();
}

// Multiplications of one token's products, and of the products of queries with what they look at.
double of_block(const TransformerShape& shape) {
  return static_cast<double>(shape.width * (4 * shape.width + 2 * shape.hidden));
}
double of_attention(const TransformerShape& shape, const Tensor& queries_B, const Tensor& seen_B) {
  return 2 * static_cast<double>(shape.width) * (queries_B * seen_B).sum().item<double>();
}

// A multiplication with its addition is two operations; a step has one pass forward and two back.
double operations(double multiplications) {
  return 6 * multiplications;
}

struct Work {
  std::function<void()> step;
  double operations = 0;
};

struct Classifier {
  TokenEmbedding embedding;
  Transformer encoder;
  Tensor head_DC;

  Classifier(const TransformerShape& shape, c10::Device device)
      : embedding({kVocabulary}, shape, "embeddings", 1),
        encoder(Transformer::Kind::encoder, shape, "encoder", 1),
        head_DC(at::randn({shape.width, kClasses}).mul_(.05).to(device).requires_grad_()) {
    convert(parameters(), {}, at::TensorOptions(device));
  }

  std::vector<Parameter> parameters() const {
    std::vector<Parameter> all = embedding.parameters();
    append(all, encoder.parameters());
    return all;
  }

  Tensor logits_BC(const Sentences& texts, const ForwardContext& context) const {
    const Tensor x_ND = embedding.forward(texts.ids_N, texts.rows, context);
    const Tensor mean_BD = texts.rows.mean(encoder.forward(x_ND, texts.rows, context, {}).x_ND);
    return mean_BD.mm(head_DC.to(mean_BD.scalar_type())).to(at::kFloat);
  }
};

Work encoder_work(const Setting& setting, int64_t shortest) {
  const TransformerShape shape = step_shape(4, setting.width);
  const auto model = std::make_shared<Classifier>(shape, setting.device);
  const Sentences texts = sentences(setting, shortest, 40);
  const Tensor targets_B =
      at::randint(0, kClasses, {setting.sentences}, at::kLong).to(setting.device);
  const auto step = [=] {
    clear(model->parameters());
    model->head_DC.mutable_grad() = Tensor();
    at::cross_entropy_loss(model->logits_BC(texts, setting.training()), targets_B).backward();
    setting.finish();
  };
  return {step, operations(4 * (static_cast<double>(texts.rows.rows()) * of_block(shape) +
                                of_attention(shape, texts.lengths_B, texts.lengths_B)))};
}

// The experts of a mixture are half as wide, so that a token meets as many weights.
TransformerShape translator_shape(int64_t width, bool mixture) {
  TransformerShape shape = step_shape(3, width);
  shape.positions = PositionKind::sinusoidal;
  shape.activation = FeedForwardKind::relu;
  if (!mixture) return shape;
  shape.hidden /= kChosen;
  shape.mixture.experts = kExperts;
  shape.mixture.gate.kind = "sigmoid";
  shape.mixture.gate.k = kChosen;
  return shape;
}

// Of a causal product, what is masked is half of it.
double translator_multiplications(int64_t width, const Sentences& source, const Sentences& target) {
  const TransformerShape shape = translator_shape(width, false);
  const auto from = static_cast<double>(source.rows.rows()),
             to = static_cast<double>(target.rows.rows());
  const auto square = static_cast<double>(width * width);
  const double encoder =
      from * of_block(shape) + of_attention(shape, source.lengths_B, source.lengths_B);
  const double decoder = to * (of_block(shape) + 2 * square) + from * 2 * square +
                         of_attention(shape, target.lengths_B, target.lengths_B) / 2 +
                         of_attention(shape, target.lengths_B, source.lengths_B);
  return 3 * (encoder + decoder) + to * static_cast<double>(width * kVocabulary);
}

Work translator_work(const Setting& setting, bool mixture) {
  const auto model =
      std::make_shared<Translator>(translator_shape(setting.width, mixture), kVocabulary, 1);
  convert(model->parameters(), model->buffers(), at::TensorOptions(setting.device));
  const Sentences source = sentences(setting, 5, 30);
  const Sentences target = sentences(setting, 6, 31);
  const Tensor wanted_M =
      at::randint(3, kVocabulary, {target.rows.rows()}, at::kLong).to(setting.device);
  const auto step = [=] {
    clear(model->parameters());
    const TranslatorOutput output = model->forward(source.ids_N, source.rows, target.ids_N,
                                                   target.rows, setting.training(), {});
    at::cross_entropy_loss(output.logits_MV.to(at::kFloat), wanted_M, {}, at::Reduction::Mean, -100,
                           .1)
        .backward();
    setting.finish();
  };
  return {step, operations(translator_multiplications(setting.width, source, target))};
}

void time_product(benchmark::State& state, const Setting& setting) {
  constexpr int64_t size = 8192;
  const auto options =
      at::TensorOptions(setting.device).dtype(setting.precision.value_or(at::kFloat));
  const Tensor a = at::randn({size, size}, options), b = at::randn({size, size}, options);
  Tensor out = at::empty({size, size}, options);
  const double seconds = time_each(state, [&] {
    at::mm_out(out, a, b);
    setting.finish();
  });
  state.counters["operations/s"] = 2. * size * size * size / seconds;
}

void time_embedding(benchmark::State& state, const char* folder, at::ScalarType precision) {
  const PretrainedEncoder encoder(HuggingFaceFolder(folder), at::kCPU, precision);
  const Tensor lengths_N = lengths(256, 6, 64);
  const Tensor ids_M =
      at::randint(1000, encoder.vocabulary(), {lengths_N.sum().item<int64_t>()}, at::kLong);
  const TokenIds texts{ids_M, at::cat({at::zeros({1}, at::kLong), lengths_N.cumsum(0)})};
  time_each(state, [&] { benchmark::DoNotOptimize(embed_texts(encoder, texts)); });
}

// google-benchmark calls a function several times: the data of the latest work are kept.
struct Latest {
  std::string name;
  Work work;
};

void add_work(Latest& latest, const std::string& name, const std::function<Work()>& make) {
  add(name, [=, &latest](benchmark::State& state) {
    if (latest.name != name) {
      latest = {};
      latest = {name, make()};
    }
    time_each(state, latest.work.step);
    state.counters["operations"] = latest.work.operations;
  });
}

void add_steps(Latest& latest, const std::string& place, const Setting& setting) {
  const auto add_one = [&](const char* name, const std::function<Work()>& make) {
    add_work(latest, fmt::format("{}/{}", place, name), make);
  };
  add_one("encoder", [=] { return encoder_work(setting, 4); });
  add_one("even", [=] { return encoder_work(setting, 40); });
  add_one("translator", [=] { return translator_work(setting, false); });
  add_one("mixture", [=] { return translator_work(setting, true); });
}

void add_cuda(Latest& latest, const std::string& name, std::optional<at::ScalarType> precision) {
  Setting setting{.device = resolve_device("cuda"), .precision = precision};
  for (const auto& [width, sentences] : {std::pair{256, 256}, {256, 1024}, {1024, 256}}) {
    setting.width = width;
    setting.sentences = sentences;
    add_steps(latest, fmt::format("cuda/{}/{}/{}", name, width, sentences), setting);
  }
  add(fmt::format("cuda/{}/product", name), time_product, setting);
}

}  // namespace
}  // namespace moestro::bench

int main(int argc, char** argv) {
  using namespace moestro;
  using namespace moestro::bench;
  Latest latest;  // gone before CUDA is
  add_steps(latest, "step", {});
  if (const char* folder = std::getenv("MOESTRO_BENCH_ENCODER")) {
    add("embed/float32", time_embedding, folder, at::kFloat);
    add("embed/bfloat16", time_embedding, folder, at::kBFloat16);
  }
  if (resolve_device("auto").is_cuda()) {
    add_cuda(latest, "float32", {});
    add_cuda(latest, "bfloat16", at::kBFloat16);
  }
  return run_program(argc, argv);
}
