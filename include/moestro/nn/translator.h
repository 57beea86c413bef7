// A Transformer that turns one sentence into another (Vaswani et al. 2017). One vocabulary and one
// table of vectors serve both languages and the output.
#pragma once

#include <string>
#include <vector>

#include "moestro/nn/beam_search.h"
#include "moestro/nn/token_embedding.h"
#include "moestro/nn/transformer.h"

namespace moestro {

struct TranslatorOutput {
  Tensor logits_MV;                  // of the token behind each target row
  std::vector<MixtureTrace> traces;  // the encoder's mixture layers, then the decoder's
};

class Translator {
 public:
  // Tensors "embeddings.tokens" ..., "encoder.0...", "decoder.0...". The decoder's mixture layers
  // decide by token, whatever the encoder's do. Throws UserError as Transformer does.
  Translator(const TransformerShape& shape, int64_t vocabulary, uint64_t seed);

  // Packed ids of the source sentences, and of as many target sentences from their begin token on.
  TranslatorOutput forward(const Tensor& source_N, const Packing& source_rows,
                           const Tensor& target_M, const Packing& target_rows,
                           const ForwardContext& context, const TraceNeeds& needs) const;

  // The best translation of each sentence; in evaluation, without gradients, every token computed
  // once.
  std::vector<Hypothesis> translate(const Tensor& source_N, const Packing& source_rows,
                                    const BeamOptions& options) const;

  const TransformerShape& shape() const { return encoder_.shape(); }
  int64_t vocabulary() const { return embedding_.vocabulary(); }
  std::vector<MixtureLayer*> mixtures();  // each once: the encoder's, then the decoder's
  std::vector<Parameter> parameters() const;
  std::vector<Buffer> buffers() const;
  std::vector<std::string> describe() const;

 private:
  TransformerOutput encoded(const Tensor& source_N, const Packing& rows,
                            const ForwardContext& context, const TraceNeeds& needs) const;

  TokenEmbedding embedding_;
  Transformer encoder_, decoder_;
};

}  // namespace moestro
