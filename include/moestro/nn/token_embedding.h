// Tokens as rows: a vector a word piece, and where learned or sinusoidal positions tell it, its
// place.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "moestro/nn/cost.h"
#include "moestro/nn/forward_context.h"
#include "moestro/nn/packing.h"
#include "moestro/nn/parameter.h"
#include "moestro/nn/transformer_config.h"

namespace moestro {

struct EmbeddingShape {
  int64_t vocabulary = 0;  // V
  bool scaled = false;     // vectors times sqrt(D) (Vaswani et al. 2017, 3.4)
  bool norm = false;       // a norm behind the sum (BERT)
};

class TokenEmbedding {
 public:
  // Tensors "<name>.tokens" [1, V, D], with learned positions "<name>.positions" [1, T, D], with a
  // norm "<name>.norm.weight" and so on. Vectors start uniform with a deviation of .02, or of
  // 1 / sqrt(D) where they are scaled.
  TokenEmbedding(const EmbeddingShape& embedding, const TransformerShape& shape,
                 const std::string& name, uint64_t seed);
  ~TokenEmbedding();
  TokenEmbedding(TokenEmbedding&&) noexcept;

  // int64 ids in [0, V) -> [N, D], in the context's precision. Throws UserError for a sentence
  // longer than the positions.
  Tensor forward(const Tensor& ids_N, const Packing& rows, const ForwardContext& context,
                 const std::string& side = "") const;
  // Both sides of a translation, ".source" and ".target", in one look-up: each one makes a gradient
  // of the whole table.
  std::pair<Tensor, Tensor> forward(const Tensor& source_N, const Packing& source_rows,
                                    const Tensor& target_M, const Packing& target_rows,
                                    const ForwardContext& context) const;
  // The same for tokens that all stand at one place.
  Tensor at_place(const Tensor& ids_B, int64_t place, const ForwardContext& context = {}) const;
  // Scores of every word piece by the same vectors (Press and Wolf 2017): [N, D] -> [N, V].
  Tensor scores(const Tensor& x_ND) const;

  int64_t vocabulary() const { return embedding_.vocabulary; }
  std::vector<Parameter> parameters() const;
  // Of one sentence whose tokens all differ; scored: and of scores() of each, by the whole table.
  Cost cost(int64_t tokens, bool scored = false) const;

 private:
  struct Parts;

  Tensor vectors(const Tensor& ids_N) const;
  Tensor placed(const Tensor& ids_N, const Tensor& positions_N, int64_t longest,
                const ForwardContext& context) const;

  EmbeddingShape embedding_;
  TransformerShape shape_;
  std::string name_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace moestro
