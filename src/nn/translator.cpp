#include "moestro/nn/translator.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "moestro/core/error.h"
#include "moestro/data/answers.h"
#include "moestro/nn/sentences.h"
#include "transformer/projection.h"

namespace moestro {
namespace {

constexpr bool kScaled = true;  // as the vectors are the output's, too

// A sentence that grows has no mean yet.
TransformerShape decoder_shape(TransformerShape shape) {
  shape.mixture.route = RouteBy::token;
  return shape;
}

}  // namespace

Translator::Translator(const TransformerShape& shape, int64_t vocabulary, uint64_t seed)
    : embedding_({vocabulary, kScaled}, shape, "embeddings", seed),
      encoder_(Transformer::Kind::encoder, shape, "encoder", seed),
      decoder_(Transformer::Kind::decoder, decoder_shape(shape), "decoder", seed) {}

ModelOutput Translator::forward(const Tensor& source_BT, const ForwardContext& context,
                                const TraceNeeds& needs) const {
  MOESTRO_CHECK(context.targets_N.defined(), "a translator is fed the translations, too");
  const Sentences source = pack_sentences(source_BT);
  const Sentences target = pack_sentences(without_last(context.targets_N));
  TranslatorOutput output =
      forward(source.ids_N, source.rows, target.ids_N, target.rows, context, needs);
  return {std::move(output.logits_MV), std::move(output.traces)};
}

TranslatorOutput Translator::forward(const Tensor& source_N, const Packing& source_rows,
                                     const Tensor& target_M, const Packing& target_rows,
                                     const ForwardContext& context, const TraceNeeds& needs) const {
  MOESTRO_CHECK(source_rows.sentences() == target_rows.sentences(), "{} sentences, {} targets",
                source_rows.sentences(), target_rows.sentences());
  const auto [source_ND, target_MD] =
      embedding_.forward(source_N, source_rows, target_M, target_rows, context);
  TransformerOutput source = encoder_.forward(source_ND, source_rows, context, needs);
  const Memory memory{source.x_ND, source_rows};
  TransformerOutput target = decoder_.forward(target_MD, target_rows, context, needs, &memory);
  for (MixtureTrace& trace : target.traces) trace.of_target = true;
  std::vector<MixtureTrace> traces = std::move(source.traces);
  std::ranges::move(target.traces, std::back_inserter(traces));
  return {embedding_.scores(target.x_ND), std::move(traces)};
}

std::vector<Hypothesis> Translator::translate(const Tensor& source_N, const Packing& source_rows,
                                              const BeamOptions& options,
                                              std::optional<at::ScalarType> precision) const {
  const at::NoGradGuard no_gradients;
  const ForwardContext context{.precision = precision};
  const Tensor source_ND = embedding_.forward(source_N, source_rows, context);
  const c10::Device device = source_ND.device();
  const Memory memory{encoder_.forward(source_ND, source_rows, context, {}).x_ND, source_rows};
  const auto state = decoder_.begin(&memory, options.beam);
  int64_t place = 0;
  BeamOptions bounded = options;
  bounded.longest = std::min(options.longest, shape().longest);
  return beam_search(
      source_rows.sentences(), bounded, [&](const Tensor& tokens_R, const Tensor& from_R) {
        if (from_R.defined()) state->select(from_R.to(device));
        const Tensor x_RD = embedding_.at_place(tokens_R.to(device), place++, context);
        const Tensor last_RD = decoder_.step(x_RD, *state);
        const at::ScalarType wide = at::promote_types(last_RD.scalar_type(), at::kFloat);
        return embedding_.scores(last_RD.to(wide)).log_softmax(1);
      });
}

void Translator::after_step(const std::vector<MixtureTrace>& traces) {
  const std::span<const MixtureTrace> all(traces);
  const size_t of_encoder = encoder_.mixture_names().size();
  encoder_.after_step(all.first(of_encoder));
  decoder_.after_step(all.subspan(of_encoder));
}

std::vector<MixtureName> Translator::mixture_names() const {
  std::vector<MixtureName> names = encoder_.mixture_names();
  const std::vector<MixtureName> others = decoder_.mixture_names();
  names.insert(names.end(), others.begin(), others.end());
  return names;
}

std::vector<MixtureLayer*> Translator::mixtures() const {
  std::vector<MixtureLayer*> layers = encoder_.mixtures();
  const std::vector<MixtureLayer*> others = decoder_.mixtures();
  layers.insert(layers.end(), others.begin(), others.end());
  return layers;
}

std::vector<Parameter> Translator::parameters() const {
  std::vector<Parameter> all = embedding_.parameters();
  append(all, encoder_.parameters());
  append(all, decoder_.parameters());
  return all;
}

std::vector<Buffer> Translator::buffers() const {
  std::vector<Buffer> all = encoder_.buffers();
  const std::vector<Buffer> others = decoder_.buffers();
  all.insert(all.end(), others.begin(), others.end());
  return all;
}

Cost Translator::cost(int64_t tokens) const {
  Cost cost = embedding_.cost(tokens, /*scored=*/true);
  cost += encoder_.cost(tokens);
  cost += decoder_.cost(tokens);
  return cost;
}

std::vector<std::string> Translator::describe() const {
  std::vector<std::string> lines = encoder_.describe();
  const std::vector<std::string> others = decoder_.describe();
  lines.insert(lines.end(), others.begin(), others.end());
  return lines;
}

}  // namespace moestro
