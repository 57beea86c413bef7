// A Transformer that turns one sentence into another (Vaswani et al. 2017). One vocabulary and one
// table of vectors serve both languages and the output.
#pragma once

#include <string>
#include <vector>

#include "moestro/nn/beam_search.h"
#include "moestro/nn/model.h"
#include "moestro/nn/token_embedding.h"
#include "moestro/nn/transformer.h"

namespace moestro {

struct TranslatorOutput {
  Tensor logits_MV;                  // of the token behind each target row
  std::vector<MixtureTrace> traces;  // the encoder's mixture layers, then the decoder's
};

class Translator : public Model {
 public:
  // Tensors "embeddings.tokens" ..., "encoder.0...", "decoder.0...". The decoder's mixture layers
  // decide by token, whatever the encoder's do. Throws UserError as Transformer does.
  Translator(const TransformerShape& shape, int64_t vocabulary, uint64_t seed);

  // Sentences as token ids [B, T], -1 behind the end of each, from begin to end token; the
  // context's targets are their translations. Logits of the tokens behind each target's first, one
  // after the other.
  ModelOutput forward(const Tensor& source_BT, const ForwardContext& context,
                      const TraceNeeds& needs) const override;

  // Packed ids of the source sentences, and of as many target sentences from their begin token on.
  TranslatorOutput forward(const Tensor& source_N, const Packing& source_rows,
                           const Tensor& target_M, const Packing& target_rows,
                           const ForwardContext& context, const TraceNeeds& needs) const;

  // The best translation of each sentence; in evaluation, without gradients, every token computed
  // once. precision: as ForwardContext has it.
  std::vector<Hypothesis> translate(const Tensor& source_N, const Packing& source_rows,
                                    const BeamOptions& options,
                                    std::optional<at::ScalarType> precision = {}) const;

  const TransformerShape& shape() const { return encoder_.shape(); }
  int64_t vocabulary() const { return embedding_.vocabulary(); }
  OutputKind output() const override { return OutputKind::logits; }
  void after_step(const std::vector<MixtureTrace>& traces) override;
  std::vector<MixtureLayer*> mixtures() const;  // each once: the encoder's, then the decoder's
  std::vector<MixtureName> mixture_names() const override;
  std::vector<Parameter> parameters() const override;
  std::vector<Buffer> buffers() const override;
  std::vector<std::string> describe() const override;
  Cost cost(int64_t tokens) const override;

 private:
  TokenEmbedding embedding_;
  Transformer encoder_, decoder_;
};

}  // namespace moestro
